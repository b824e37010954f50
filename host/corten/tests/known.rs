//! `corten node add`, `pair`, `use`, `forget`: what is found out without asking any node.

use std::path::Path;
use std::process::{Command, Output};

/// Nobody listens there: who asks a node before looking at own files ends with another code.
const NOBODY: &str = "127.0.0.1:1";

fn node(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corten"));
    command.current_dir(folder).args(["node", "--contexts", "contexts.toml"]).args(arguments);
    command.output().expect("it starts")
}

#[test]
fn own_files_that_can_not_be_used_are_told_before_a_node_is_asked_or_added() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let pair = ["pair", NOBODY, "--code", "ABCD-0123-1XYZ", "--config", "node.toml", "--keys", "nowhere"];
    for arguments in [&pair[..], &["add", "lab", NOBODY, "--keys", "nowhere"]] {
        let output = node(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(10), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere/admin.pem: "), "{output:?}");
    }
    assert!(!folder.path().join("contexts.toml").exists());
}

#[test]
fn a_document_that_lets_nobody_in_is_not_sent() {
    let folder = tempfile::tempdir().expect("temporary folder");
    std::fs::write(folder.path().join("node.toml"), "version = 1\n").expect("it is written");
    let output = node(folder.path(), &["pair", NOBODY, "--code", "ABCD-0123-1XYZ", "--config", "node.toml"]);
    assert_eq!(output.status.code(), Some(14), "{output:?}");
}

#[test]
fn a_name_that_is_not_there_is_a_wrong_command_line() {
    let folder = tempfile::tempdir().expect("temporary folder");
    for command in ["use", "forget"] {
        let output = node(folder.path(), &[command, "nope"]);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

#[test]
fn a_known_node_that_is_not_asked_for_own_files_is_no_unreached_one() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let context = format!("[nodes.lab]\naddress = \"{NOBODY}\"\nauthority = \"nowhere.pem\"\n");
    std::fs::write(folder.path().join("contexts.toml"), context).expect("it is written");
    let output = node(folder.path(), &["info"]);
    assert_eq!(output.status.code(), Some(10), "{output:?}");
}
