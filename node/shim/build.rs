//! Generates the messages of containerd's task API from the files in `proto`, without `protoc`.

const FILES: [&str; 5] =
    ["shim.proto", "events.proto", "task-events.proto", "metrics.proto", "types/oci.proto"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let descriptors = protox::compile(FILES, ["proto"])?;
    prost_build::Config::new().enable_type_names().include_file("api.rs").compile_fds(descriptors)?;
    Ok(())
}
