//! The command line of `corten-agent`: nothing of it is needed on a node.

use std::path::PathBuf;

/// How to call the program.
pub const USAGE: &str = "\
usage: corten-agent [--root DIR] [--port PORT]

--root DIR   where files of the node are found, / unless given
--port PORT  TCP port of the API, 7443 unless given";

/// The port of the API.
pub const PORT: u16 = 7443;

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Where files of the node are found.
    pub root: PathBuf,
    /// TCP port of the API.
    pub port: u16,
}

/// A command line that can't be read: what is wrong with it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}\n{USAGE}")]
pub struct UsageError(String);

impl Arguments {
    /// Reads the arguments behind the program's name.
    pub fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, UsageError> {
        let mut arguments = Self { root: "/".into(), port: PORT };
        let mut words = words.into_iter();
        while let Some(flag) = words.next() {
            let Some(value) = words.next() else { return Err(UsageError(format!("{flag} needs a value"))) };
            match flag.as_str() {
                "--root" => arguments.root = value.into(),
                "--port" => {
                    let port =
                        value.parse().map_err(|_| UsageError(format!("--port {value:?} is no port")))?;
                    arguments.port = port;
                }
                _ => return Err(UsageError(format!("unknown flag {flag:?}"))),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        let error = |error: UsageError| error.to_string().lines().next().unwrap_or_default().to_string();
        Arguments::parse(line.split_whitespace().map(String::from)).map_err(error)
    }

    #[test]
    fn flags_replace_what_holds_on_a_node() {
        assert_eq!(parse(""), Ok(Arguments { root: "/".into(), port: 7443 }));
        assert_eq!(parse("--port 1 --root /x"), Ok(Arguments { root: "/x".into(), port: 1 }));
        assert_eq!(parse("--port"), Err("--port needs a value".into()));
        assert_eq!(parse("--port x"), Err("--port \"x\" is no port".into()));
        assert_eq!(parse("--help me"), Err("unknown flag \"--help\"".into()));
    }
}
