//! The command line of `corten-health`, which init calls: what to check, with which limits.

use std::path::PathBuf;
use std::time::Duration;

use super::container::{self, Check};
use super::health;
use crate::Error;

/// How to call the program.
pub const USAGE: &str = "\
usage: corten-health containerd [--socket PATH] [--timeout SECONDS]
       corten-health container --program PATH [--argument TEXT]... [--socket PATH] [--timeout SECONDS]

containerd  waits until containerd answers and the plugins that containers need are ok
container   runs a static program in a container and expects it to exit with 0";

const SOCKET: &str = "/run/containerd/containerd.sock";
const TIMEOUT: Duration = Duration::from_mins(1);

/// A parsed command line.
#[derive(Clone, Debug)]
pub enum Command {
    /// Wait until containerd serves.
    Containerd {
        /// Its socket.
        socket: PathBuf,
        /// How long to wait.
        timeout: Duration,
    },
    /// Run a container.
    Container(Check),
}

/// A command line that can't be read: what is wrong with it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}\n{USAGE}")]
pub struct UsageError(String);

/// Reads the arguments behind the program's name.
pub fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, UsageError> {
    let wrong = |text: String| Err(UsageError(text));
    let mut arguments = arguments.into_iter();
    let name = arguments.next().unwrap_or_default();
    let mut check =
        Check { socket: SOCKET.into(), program: PathBuf::new(), arguments: Vec::new(), timeout: TIMEOUT };
    while let Some(flag) = arguments.next() {
        let Some(value) = arguments.next() else { return wrong(format!("{flag} needs a value")) };
        match flag.as_str() {
            "--socket" => check.socket = value.into(),
            "--timeout" => match value.parse() {
                Ok(seconds) => check.timeout = Duration::from_secs(seconds),
                Err(_) => return wrong(format!("--timeout {value:?} is not a number of seconds")),
            },
            "--program" if name == "container" => check.program = value.into(),
            "--argument" if name == "container" => check.arguments.push(value),
            _ => return wrong(format!("unknown flag {flag:?}")),
        }
    }
    match name.as_str() {
        "containerd" => Ok(Command::Containerd { socket: check.socket, timeout: check.timeout }),
        "container" if check.program.as_os_str().is_empty() => wrong("container needs --program".into()),
        "container" => Ok(Command::Container(check)),
        _ => wrong(format!("unknown check {name:?}")),
    }
}

/// Does what the command line says and returns the line to print.
pub async fn run(command: &Command) -> Result<String, Error> {
    match command {
        Command::Containerd { socket, timeout } => {
            health::wait_until_serving(socket, *timeout).await.map(|serving| serving.to_string())
        }
        Command::Container(check) => {
            let took = container::run(check).await?;
            Ok(format!("container exited 0 in {} ms", took.as_millis()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(ToString::to_string))
    }

    #[test]
    fn flags_replace_the_defaults() {
        let Ok(Command::Containerd { socket, timeout }) = read("containerd --timeout 5 --socket /s") else {
            panic!("a valid command line")
        };
        assert_eq!((socket, timeout), ("/s".into(), Duration::from_secs(5)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, expected) in [
            ("", "unknown check \"\""),
            ("ctr", "unknown check \"ctr\""),
            ("container", "container needs --program"),
            ("containerd --program /x", "unknown flag \"--program\""),
            ("containerd --timeout soon", "--timeout \"soon\" is not a number of seconds"),
            ("containerd --socket", "--socket needs a value"),
        ] {
            let error = read(line).expect_err(line).to_string();
            assert_eq!(error.lines().next(), Some(expected));
        }
    }
}
