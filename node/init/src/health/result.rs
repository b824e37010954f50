//! What a scrub found in a slot, as its last line of output: written by the child, read by PID 1.

use std::fmt;
use std::str::FromStr;

use corten_report::Scrubbed;

/// The result of one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slot(pub(crate) Scrubbed);

/// A line that is something else.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NoResult;

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Scrubbed { slot, blocks, bad } = &self.0;
        write!(f, "{blocks} blocks read, {bad} corrupt, slot {slot}")
    }
}

impl FromStr for Slot {
    type Err = NoResult;

    fn from_str(line: &str) -> Result<Self, NoResult> {
        let parse = || {
            let (blocks, rest) = line.split_once(" blocks read, ")?;
            let (bad, slot) = rest.split_once(" corrupt, slot ")?;
            Some(Scrubbed { slot: slot.into(), blocks: blocks.parse().ok()?, bad: bad.parse().ok()? })
        };
        parse().map(Self).ok_or(NoResult)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_result_is_one_plain_line() {
        let slot = Slot(Scrubbed { slot: "root-a".into(), blocks: 25_600, bad: 1 });
        assert_eq!(slot.to_string(), "25600 blocks read, 1 corrupt, slot root-a");
        assert_eq!("no other version on this disk".parse::<Slot>(), Err(NoResult));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(slot in "[ -~]{0,36}", blocks in any::<u64>(), bad in any::<u64>()) {
            let slot = Slot(Scrubbed { slot, blocks, bad });
            prop_assert_eq!(slot.to_string().parse(), Ok(slot));
        }

        #[test]
        fn any_line_is_read_or_refused(line in "\\PC*") {
            let _ = line.parse::<Slot>();
        }
    }
}
