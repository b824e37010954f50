//! Finds the reference tools that our formats are checked with.
//!
//! A tool is looked up in the folder that `CORTEN_TOOLS_BIN` names, then in PATH and the administrator's folders.
//! Where it is missing the case says that it is skipped; with `CORTEN_REQUIRE_TOOLS=1` it fails.
#![allow(dead_code, reason = "each test program uses some of it")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// The tool, ready to get its arguments; `None` where the case has to be skipped.
pub fn find(name: &str) -> Option<Command> {
    let tools = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = tools.into_iter().chain(std::env::split_paths(&path));
    let folders = folders.chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    present(name, folders.map(|folder| folder.join(name))).map(|path| {
        let mut command = Command::new(path);
        command.env("LC_ALL", "C");
        command
    })
}

/// A tool that is not in the set of the tests, so that it may be missing.
pub fn find_optional(name: &str) -> Option<Command> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file());
    if found.is_none() {
        eprintln!("skipped: {name} is not installed");
    }
    found.map(Command::new)
}

/// A file that comes with a tool: the first of these paths that exists. A name without a slash is looked up in
/// the folder of `CORTEN_TOOLS_BIN`.
pub fn find_file(name: &str, paths: &[&str]) -> Option<PathBuf> {
    let tools = std::env::var_os("CORTEN_TOOLS_BIN").map(|folder| PathBuf::from(folder).join(name));
    present(name, tools.into_iter().chain(paths.iter().map(PathBuf::from)))
}

fn present(name: &str, mut places: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        let required = std::env::var_os("CORTEN_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "{name} is not installed and CORTEN_REQUIRE_TOOLS=1 is set");
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// Runs the tool, which must exit with 0, and gives its standard output and standard error together.
pub fn run(command: &mut Command) -> String {
    let (ok, text) = try_run(command);
    assert!(ok, "{command:?} failed:\n{text}");
    text
}

/// Runs the tool: whether it exited with 0, and its standard output and standard error together.
pub fn try_run(command: &mut Command) -> (bool, String) {
    let output = command.output().expect("the tool can be started");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// Writes a file of a test's folder and gives its path.
pub fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path: &Path = folder.path();
    let path = path.join(name);
    std::fs::write(&path, bytes).expect("the folder is writable");
    path
}
