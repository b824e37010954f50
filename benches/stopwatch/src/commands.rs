//! Running the commands of a peer and taking the time until their first byte.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::fault::Fault;

/// Time between two looks at what still runs.
const LOOK: Duration = Duration::from_millis(50);

/// Runs a command to its end. Returns what it printed.
pub(crate) fn run(words: &[String]) -> Result<String, Fault> {
    let output = command(words)?.stderr(Stdio::piped()).output().map_err(Fault::io(words.join(" ")))?;
    if !output.status.success() {
        let said = format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        return Err(Fault::Command { command: words.join(" "), said });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A command that was started and has printed its first byte.
pub(crate) struct Printed {
    words: Vec<String>,
    child: Child,
    /// From before it was started to its first byte.
    pub(crate) took: Duration,
}

/// Starts a command and waits for the first byte of its output.
pub(crate) fn first_byte(words: &[String]) -> Result<Printed, Fault> {
    let mut command = command(words)?;
    command.stdout(Stdio::piped()).stderr(Stdio::inherit());
    let begun = Instant::now();
    let mut child = command.spawn().map_err(Fault::io(words.join(" ")))?;
    let mut byte = [0];
    let read = child.stdout.as_mut().map_or(Ok(0), |stdout| stdout.read(&mut byte));
    let took = begun.elapsed();
    match read {
        Ok(1) => Ok(Printed { words: words.to_vec(), child, took }),
        Ok(_) => Err(Fault::Command { command: words.join(" "), said: "it printed nothing".into() }),
        Err(error) => Err(Fault::io(words.join(" "))(error)),
    }
}

impl Printed {
    /// Waits for its end.
    pub(crate) fn end(mut self) -> Result<Duration, Fault> {
        let status = self.child.wait().map_err(Fault::io(self.words.join(" ")))?;
        if !status.success() {
            return Err(Fault::Command { command: self.words.join(" "), said: status.to_string() });
        }
        Ok(self.took)
    }
}

fn command(words: &[String]) -> Result<Command, Fault> {
    let (program, arguments) = words.split_first().ok_or(Fault::Arguments)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    Ok(command)
}

/// Waits until no program of a peer runs any more that starts a container or cleans up after one.
pub(crate) fn settle() -> Result<(), Fault> {
    const NAMES: [&str; 7] = ["podman", "conmon", "containerd-shim", "runc", "crun", "ctr", "netavark"];
    let begun = Instant::now();
    while begun.elapsed() < crate::PATIENCE {
        let entries = std::fs::read_dir("/proc").map_err(Fault::io("/proc"))?;
        let names =
            entries.flatten().filter_map(|entry| std::fs::read_to_string(entry.path().join("comm")).ok());
        // The kernel keeps 15 characters of a name.
        if !names.into_iter().any(|name| NAMES.contains(&name.trim())) {
            return Ok(());
        }
        std::thread::sleep(LOOK);
    }
    Err(Fault::Odd("something of a container does not end".into()))
}
