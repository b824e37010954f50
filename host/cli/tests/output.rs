//! The command whose standard output can't be written to: nobody reads it any more, or the disk is full.

use std::fs::OpenOptions;
use std::process::{Command, Output, Stdio};

/// Of each way that text is made in.
const PRINT: [&[&str]; 5] = [
    &["completions", "bash"],
    &["config", "schema"],
    &["config", "new"],
    &["recipe", "schema"],
    &["recipe", "list"],
];

fn run(arguments: &[&str], out: Stdio) -> Output {
    let command = Command::new(env!("CARGO_BIN_EXE_corten")).args(arguments).stdout(out).output();
    command.expect("it starts")
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    for arguments in PRINT {
        let (reader, writer) = std::io::pipe().expect("there are pipes");
        drop(reader);
        let output = run(arguments, writer.into());
        assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

#[test]
fn a_full_disk_is_told_as_any_error() {
    for arguments in PRINT {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let output = run(arguments, full.into());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.starts_with("error: writing to standard output: "), "{arguments:?}: {told}");
    }
}

#[test]
fn a_configuration_that_is_no_text_is_wrong() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("node.toml");
    std::fs::write(&path, [0xff, 0xfe]).expect("it is written");
    let output = run(&["config", "check", &path.to_string_lossy()], Stdio::null());
    assert_eq!(output.status.code(), Some(14), "{output:?}");
}
