//! What stage 1 hands to stage 2, as one argument: the boot so far, and which disk and slot were taken.
//!
//! Both stages come from the same build, so one that can't be read means that boot image and root do not belong
//! together.

use serde::{Deserialize, Serialize};

use crate::timeline::Timeline;

/// What stage 1 did and found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// The parts of the boot so far.
    pub timeline: Timeline,
    /// Where the running root lies.
    pub root: Root,
    /// Name of the partition that the loader started from, `vda1` for example; `None` where no loader did.
    pub esp: Option<String>,
    /// Whether the firmware said that it started signed programs alone.
    pub secure_boot: bool,
}

/// Where the running root lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Name of the disk, `vda` for example.
    pub disk: String,
    /// Label of the partition with its data.
    pub slot: String,
}

impl Handover {
    /// As an argument.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From an argument.
    pub fn decode(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(
            steps in prop::collection::vec((".{0,20}", any::<u64>(), any::<u64>()), 0..9),
            secure_boot in any::<bool>(),
            (disk, slot) in (".{0,20}", ".{0,20}"),
            esp in prop::option::of(".{0,20}"),
        ) {
            let mut timeline = Timeline::default();
            for (name, start, end) in steps {
                timeline.record(name, start, end);
            }
            let handover = Handover { timeline, root: Root { disk, slot }, esp, secure_boot };
            prop_assert_eq!(Handover::decode(&handover.encode()).ok(), Some(handover));
        }

        #[test]
        fn any_argument_is_read_or_refused(text in ".*") {
            let _ = Handover::decode(&text);
        }
    }
}
