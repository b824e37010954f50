//! Finding and running tools.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The tool, ready to get its arguments; `None` where the case has to be skipped.
pub fn find(name: &str) -> Option<Command> {
    let tools = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = tools.into_iter().chain(std::env::split_paths(&path)).map(|folder| folder.join(name));
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        let required = std::env::var_os("CORTEN_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "{name} is not installed and CORTEN_REQUIRE_TOOLS=1 is set");
        eprintln!("skipped: {name} is not installed");
    }
    found.map(Command::new)
}

/// Runs the tool, which must exit with 0, and gives its standard output.
pub fn run(command: &mut Command) -> String {
    let output = command.output().expect("the tool can be started");
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `KIND:PATH:NAME`.
pub fn place(kind: &str, path: &Path, name: &str) -> String {
    format!("{kind}:{}:{name}", path.display())
}
