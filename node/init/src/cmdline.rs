//! What the kernel command line says to init. It is part of the boot image, so it is as trusted as that.

use corten_formats::verity::{RootHash, RootHashError};

/// Prefix of the keys that are meant for init.
const PREFIX: &str = "corten.";

/// Long enough for a start to be over, short enough to find damage before the next update.
const SCRUB_DELAY: u32 = 600;

/// The keys of init.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// `corten.root-hash`: identity of the root to run.
    pub root_hash: RootHash,
    /// `corten.selftest`: what is tried before the node counts as ready.
    pub selftest: Selftest,
    /// `corten.scrub-delay`: seconds from ready to the first scrub.
    pub scrub_delay: u32,
    /// Keys with the prefix that this version does not know.
    pub unknown: Vec<String>,
}

/// What is tried beyond the services themselves, before or after the node counts as ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selftest {
    /// Nothing.
    #[default]
    None,
    /// A container from a static program of the image runs and exits with 0.
    Container,
    /// The event loop of init stops once the node is ready. The watchdog has to end that.
    Hang,
}

/// Why there is nothing to boot.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// The key is not there.
    #[error("the kernel command line has no corten.root-hash=")]
    Missing,
    /// The value is no root hash.
    #[error("corten.root-hash: {0}")]
    RootHash(#[from] RootHashError),
    /// Two values that differ: one of them was added by somebody.
    #[error("the kernel command line names two root hashes, {0} and {1}")]
    Two(RootHash, RootHash),
}

impl CommandLine {
    /// Reads `/proc/cmdline`.
    pub fn parse(text: &str) -> Result<Self, CommandLineError> {
        let mut root_hash: Option<RootHash> = None;
        let mut selftest = Selftest::None;
        let mut scrub_delay = SCRUB_DELAY;
        let mut unknown = Vec::new();
        for word in text.split_whitespace() {
            let Some(own) = word.strip_prefix(PREFIX) else { continue };
            match own.split_once('=') {
                Some(("root-hash", value)) => {
                    let value: RootHash = value.parse()?;
                    match root_hash {
                        Some(first) if first != value => return Err(CommandLineError::Two(first, value)),
                        _ => root_hash = Some(value),
                    }
                }
                Some(("selftest", "container")) => selftest = Selftest::Container,
                Some(("selftest", "hang")) => selftest = Selftest::Hang,
                Some(("scrub-delay", seconds)) => match seconds.parse() {
                    Ok(seconds) => scrub_delay = seconds,
                    Err(_) => unknown.push(word.to_string()),
                },
                _ => unknown.push(word.to_string()),
            }
        }
        Ok(Self { root_hash: root_hash.ok_or(CommandLineError::Missing)?, selftest, scrub_delay, unknown })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn own_keys_are_read_and_all_others_left_to_the_kernel() {
        let hash = "5a".repeat(32);
        let line = format!(
            "console=ttyS0 corten.root-hash={hash} quiet corten.selftest=container corten.colour=red corten.scrub-delay=7 corten.scrub-delay=soon\n"
        );
        let read = CommandLine::parse(&line).expect("a valid line");
        assert_eq!(read.root_hash, RootHash([0x5a; 32]));
        assert_eq!(read.selftest, Selftest::Container);
        assert_eq!(read.unknown, ["corten.colour=red", "corten.scrub-delay=soon"]);
        assert_eq!(read.scrub_delay, 7);
    }

    #[test]
    fn a_line_without_one_valid_root_hash_is_refused() {
        assert_eq!(CommandLine::parse("quiet"), Err(CommandLineError::Missing));
        let short = CommandLine::parse("corten.root-hash=12").expect_err("too short");
        assert_eq!(
            short.to_string(),
            "corten.root-hash: \"12\" is not a root hash: expected 64 hexadecimal digits"
        );
        let (one, two) = ("11".repeat(32), "22".repeat(32));
        let twice = format!("corten.root-hash={one} corten.root-hash={two}");
        assert!(matches!(CommandLine::parse(&twice), Err(CommandLineError::Two(..))));
        let same = format!("corten.root-hash={one} corten.root-hash={one}");
        assert!(CommandLine::parse(&same).is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*", tail in "(corten\\.[a-z-]{0,12}=?[0-9a-f]{0,70} ?){0,4}") {
            let _ = CommandLine::parse(&text);
            let _ = CommandLine::parse(&tail);
        }
    }
}
