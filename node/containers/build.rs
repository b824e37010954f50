//! Generates the client of containerd's API from the files in `proto`, without `protoc`.

use std::path::Path;

const ROOT: &str = "proto";
const API: &str = "github.com/containerd/containerd/api";
const FILES: [&str; 11] = [
    "services/version/v1/version.proto",
    "services/introspection/v1/introspection.proto",
    "services/containers/v1/containers.proto",
    "services/content/v1/content.proto",
    "services/diff/v1/diff.proto",
    "services/images/v1/images.proto",
    "services/leases/v1/leases.proto",
    "services/namespaces/v1/namespace.proto",
    "services/tasks/v1/tasks.proto",
    "services/snapshots/v1/snapshots.proto",
    "types/runc/options/oci.proto",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    let files: Vec<String> = FILES.iter().map(|file| format!("{API}/{file}")).collect();
    let descriptors = protox::compile(&files, [Path::new(ROOT)])?;
    tonic_prost_build::configure()
        .build_server(false)
        .emit_rerun_if_changed(false)
        .include_file("containerd_api.rs")
        .compile_fds(descriptors)?;
    Ok(())
}
