//! Generates types, clients and servers of the API from the files in `proto`, without `protoc`.

use std::path::Path;

use prost::Message as _;

const ROOT: &str = "proto";
const FILES: [&str; 14] = [
    "audit",
    "config",
    "events",
    "images",
    "logs",
    "metrics",
    "network",
    "node",
    "processes",
    "services",
    "storage",
    "support",
    "volumes",
    "workloads",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    let files: Vec<String> = FILES.iter().map(|name| format!("corten/v1/{name}.proto")).collect();
    let descriptors = protox::compile(&files, [Path::new(ROOT)])?;
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    // What a server tells those who ask what it offers.
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().emit_rerun_if_changed(false).compile_fds(descriptors)?;
    Ok(())
}
