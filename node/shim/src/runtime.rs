//! The OCI runtime: which program it is, how it is told what to do, and what it says when it can't.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use corten_sys::privileges::Privileges;
use corten_sys::process::spawn;
use serde::Deserialize;

use crate::stdio::Ends;
use crate::wire::Fault;

/// Where it keeps what it knows of containers, if nothing else is said.
const ROOT: &str = "/run/containerd/runc";
/// Its name, if nothing else is said.
const NAME: &str = "runc";
/// Bytes of what it says that are read.
const LARGEST_LOG: u64 = 64 << 10;
/// What a bundle remembers for whoever cleans up after a shim that died.
const MEMORY: &str = "shim-runtime.json";

/// A runtime, as it runs the containers of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, Deserialize)]
pub struct Runtime {
    program: PathBuf,
    root: PathBuf,
}

impl Runtime {
    /// The one that is wanted; what is empty is as usual.
    pub fn new(program: &str, root: &str, namespace: &str) -> Self {
        let or = |wanted: &str, usual: &str| PathBuf::from(if wanted.is_empty() { usual } else { wanted });
        Self { program: or(program, NAME), root: or(root, ROOT).join(namespace) }
    }

    /// Remembers it beside a container.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn remember(&self, bundle: &Path) -> std::io::Result<()> {
        fs::write(bundle.join(MEMORY), serde_json::to_vec(self)?)
    }

    /// The one that was remembered, or the usual one.
    pub fn remembered(bundle: &Path, namespace: &str) -> Self {
        let known = fs::read(bundle.join(MEMORY)).ok();
        let known = known.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        known.unwrap_or_else(|| Self::new("", "", namespace))
    }

    /// Whether it may know a container: it has a folder for each, by its name.
    pub fn knows(&self, id: &str) -> bool {
        self.root.join(id).exists()
    }

    /// A command of it, which says in `log` what goes wrong.
    pub fn command(&self, log: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--root").arg(&self.root).arg("--log").arg(log).args(["--log-format", "json"]);
        command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

/// Starts a command with these as its own input and output, which it gives to what it starts.
pub fn begin(command: &mut Command, ends: Ends) -> Result<u32, Fault> {
    let stdio = |end: Option<OwnedFd>| end.map_or_else(Stdio::null, Stdio::from);
    command.stdin(stdio(ends.input)).stdout(stdio(ends.output)).stderr(stdio(ends.errors));
    let started = spawn(command, None, &Privileges::default());
    // The command still holds what it was given, which would keep pipes open.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    started.map_err(Fault::unknown)
}

/// The last thing that a runtime said went wrong.
pub fn complaint(log: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Line {
        level: String,
        msg: String,
    }
    let mut text = String::new();
    File::open(log).ok()?.take(LARGEST_LOG).read_to_string(&mut text).ok()?;
    let lines = text.lines().rev().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines.filter(|line| line.level == "error").map(|line| line.msg).next()
}

/// The process that a runtime has written down.
pub fn pid(file: &Path) -> Result<u32, Fault> {
    let wrong = |why: String| Fault::unknown(format!("{}: {why}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    text.trim().parse().map_err(|_| wrong("no process number".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_usual() {
        let usual = Runtime::new("", "", "k");
        let words = |runtime: &Runtime| format!("{:?}", runtime.command(Path::new("/log"), &["state", "id"]));
        let rest = r#""--log" "/log" "--log-format" "json" "state" "id""#;
        assert_eq!(words(&usual), format!(r#""runc" "--root" "/run/containerd/runc/k" {rest}"#));
        let other = Runtime::new("/usr/bin/crun", "/run/x", "k");
        assert_eq!(words(&other), format!(r#""/usr/bin/crun" "--root" "/run/x/k" {rest}"#));
    }

    #[test]
    fn a_bundle_remembers_its_runtime() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new("/usr/bin/crun", "", "k");
        assert_eq!(Runtime::remembered(folder.path(), "k"), Runtime::new("", "", "k"));
        runtime.remember(folder.path()).expect("writable");
        assert_eq!(Runtime::remembered(folder.path(), "other"), runtime);
    }

    #[test]
    fn the_last_error_is_what_went_wrong() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        assert_eq!(complaint(&log), None);
        let text = "{\"msg\":\"first\",\"level\":\"error\",\"time\":\"x\"}\n\
            {\"msg\":\"no such file\",\"level\":\"error\",\"time\":\"x\"}\n\
            {\"msg\":\"by the way\",\"level\":\"warning\",\"time\":\"x\"}\nhalf";
        fs::write(&log, text).expect("writable");
        assert_eq!(complaint(&log).as_deref(), Some("no such file"));
    }
}
