//! How long each part of the boot took, handed from stage 1 to stage 2 as an argument.

use corten_report::Step;

/// Far more parts than a boot has; what comes after them is not recorded.
const MAX_STEPS: usize = 256;

/// The parts of the boot so far, in the order in which they ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    steps: Vec<Step>,
}

impl Timeline {
    /// Records a part. Times are milliseconds of the monotonic clock.
    pub fn record(&mut self, name: impl Into<String>, start_ms: u64, end_ms: u64) {
        if self.steps.len() < MAX_STEPS {
            self.steps.push(Step { name: name.into(), start_ms, end_ms });
        }
    }

    /// What was recorded.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// As an argument.
    pub fn encode(&self) -> String {
        serde_json::to_string(&self.steps).unwrap_or_default()
    }

    /// From an argument. One that can't be read loses the record, not the boot.
    pub fn decode(text: &str) -> Self {
        let mut steps: Vec<Step> = serde_json::from_str(text).unwrap_or_default();
        steps.truncate(MAX_STEPS);
        Self { steps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(steps in prop::collection::vec((".{0,20}", any::<u64>(), any::<u64>()), 0..9)) {
            let mut timeline = Timeline::default();
            for (name, start, end) in steps {
                timeline.record(name, start, end);
            }
            prop_assert_eq!(Timeline::decode(&timeline.encode()), timeline);
        }

        #[test]
        fn any_argument_is_read(text in ".*") {
            let _ = Timeline::decode(&text);
        }
    }
}
