//! `corten run` with what it can't boot.

use std::process::Command;

#[test]
fn whoever_would_boot_a_compressed_disk_is_told_how_to_unpack_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_corten")).args(["run", "out/node.raw.zst"]).output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("`zstd -d out/node.raw.zst` unpacks it"), "{told}");
}
