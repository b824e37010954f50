//! Generates the messages of the OpenTelemetry protocol from the files in `proto`, without `protoc`.

use std::path::Path;

const ROOT: &str = "proto";
const FILES: [&str; 1] = ["opentelemetry/proto/collector/logs/v1/logs_service.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={ROOT}");
    let descriptors = protox::compile(FILES, [Path::new(ROOT)])?;
    // With the server, since tests have a collector of their own.
    tonic_prost_build::configure()
        .emit_rerun_if_changed(false)
        .include_file("opentelemetry.rs")
        .compile_fds(descriptors)?;
    Ok(())
}
