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
fn a_configuration_that_cannot_be_read_is_wrong_and_all_such_are_told() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("bytes.toml"), [0xff, 0xfe]).expect("it is written");
    std::fs::write(path("large.toml"), "#".repeat(300 << 10)).expect("it is written");
    std::fs::write(path("node.json"), "").expect("it is written");
    let output = run(
        &[
            "config",
            "check",
            &path("bytes.toml"),
            &path("large.toml"),
            &path("node.json"),
            &path("none.toml"),
        ],
        Stdio::null(),
    );
    assert_eq!(output.status.code(), Some(14), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    for part in ["is not UTF-8 text", "is larger than 256 KiB", "its ending does not say", "can't read"] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn secrets_beside_what_is_wrong_are_not_shown() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("node.toml").display().to_string();
    let text = "version = 1\n[registries.a]\nuser = 7\npassword = \"geheim\"\n[registries.b]\nuser = \"u\"\npassword = 4711\n";
    std::fs::write(&path, text).expect("it is written");
    let output = run(&["config", "check", &path], Stdio::null());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(14), "{told}");
    assert!(told.contains("********") && !told.contains("geheim") && !told.contains("4711"), "{told}");
}

#[test]
fn a_host_name_that_is_none_is_a_wrong_command_line() {
    let output = run(&["config", "new", "--hostname", "Bad Host"], Stdio::null());
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn it_says_its_name_and_version() {
    let output = run(&["--version"], Stdio::piped());
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("corten {}\n", env!("CARGO_PKG_VERSION")));
}

/// With stores and locks of its own.
fn run_at(home: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_corten"));
    for variable in ["HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
        command.env(variable, home);
    }
    command.args(arguments).output().expect("it starts")
}

#[test]
fn a_damaged_lock_is_told_with_the_way_out() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("my.toml"), "name = \"my\"\nversion = \"1\"\nextends = \"base\"\n")
        .expect("it is written");
    std::fs::write(path("corten.lock"), "format = {\n").expect("it is written");
    let output =
        run_at(folder.path(), &["lock", &path("my.toml"), "--offline", "--mirror", "http://127.0.0.1:9"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(6), "{told}");
    assert!(told.contains("help: `corten lock --update` makes it anew"), "{told}");
    // Where all of it is to be replaced it is none: what is in the way then is that there is no archive.
    let output = run_at(
        folder.path(),
        &["lock", &path("my.toml"), "--offline", "--mirror", "http://127.0.0.1:9", "--update"],
    );
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains("corten.lock:"), "{told}");
    assert_eq!(std::fs::read_to_string(path("corten.lock")).expect("it is there"), "format = {\n");
}

#[test]
fn images_that_are_not_there_are_told_before_any_package_is_asked_for() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipe = "name = \"my\"\nversion = \"1\"\nextends = \"base\"\n[[image]]\nname = \"a\"\nsource = \"a.tar\"\n\
                  [[image]]\nname = \"b\"\nsource = \"b.tar\"\n";
    std::fs::write(path("my.toml"), recipe).expect("it is written");
    for words in [&["--alone"][..], &["--offline", "--mirror", "http://127.0.0.1:9"]] {
        let recipe = path("my.toml");
        let arguments: Vec<&str> = ["recipe", "check", &recipe].iter().chain(words).copied().collect();
        let output = run_at(folder.path(), &arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(told.contains("image a:") && told.contains("image b:"), "{told}");
    }
    assert!(!folder.path().join("corten.lock").exists());
}

#[test]
fn a_recipe_is_not_taken_for_a_package() {
    let output = run(&["lock", "--update", "web.toml"], Stdio::piped());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("expected the name of a package; a recipe comes before --update"), "{told}");
}
