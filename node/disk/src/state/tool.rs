//! Runs the programs of e2fsprogs, which make, check and grow the file system.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// Where what a program prints is kept while it runs; gone with the boot.
const FOLDER: &str = "/run/corten";
/// Time between two looks at a program that runs.
const PAUSE: Duration = Duration::from_millis(10);
/// Bytes of what a program printed that go into a message.
const SAID: usize = 400;

/// Why a program did not do what it was to do.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It could not be started or waited for.
    #[error("{0}: {1}")]
    Start(&'static str, std::io::Error),
    /// It ended with a failure, and said something maybe.
    #[error("{program}: {status}: {said}")]
    Failed {
        /// Its path.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of what it printed.
        said: String,
    },
}

/// Runs a program to its end. `wait` is called all the time until then, so that a watchdog can be fed: a check takes
/// as long as the file system is large.
pub(crate) fn run(
    program: &'static str,
    arguments: &[&str],
    succeeds: fn(ExitStatus) -> bool,
    wait: &mut dyn FnMut(),
) -> Result<(ExitStatus, String), ToolError> {
    let start = |error| ToolError::Start(program, error);
    fs::create_dir_all(FOLDER).map_err(start)?;
    let name = program.rsplit('/').next().unwrap_or(program);
    let path = Path::new(FOLDER).join(name).with_extension("log");
    let output = File::create(&path).map_err(start)?;
    let second = output.try_clone().map_err(start)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir("/");
    let mut child = command.stdin(Stdio::null()).stdout(output).stderr(second).spawn().map_err(start)?;
    let status = loop {
        wait();
        match child.try_wait().map_err(start)? {
            Some(status) => break status,
            None => std::thread::sleep(PAUSE),
        }
    };
    let said = end_of(&fs::read(&path).unwrap_or_default());
    if succeeds(status) { Ok((status, said)) } else { Err(ToolError::Failed { program, status, said }) }
}

/// The end of a text, in one line.
fn end_of(bytes: &[u8]) -> String {
    let end = bytes.get(bytes.len().saturating_sub(SAID)..).unwrap_or_default();
    let text = String::from_utf8_lossy(end);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_printed_fits_into_a_line() {
        assert_eq!(end_of(b"one\n  two\r\n\x01\xff"), "one two \u{1}\u{fffd}");
        assert_eq!(end_of(&[b'x'; 2 * SAID]).len(), SAID);
    }
}
