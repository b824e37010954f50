//! How long each part of the boot took, kept by both stages.

use corten_report::Step;
use serde::{Deserialize, Deserializer, Serialize};

/// Far more parts than a boot has; what comes after them is not recorded.
const MAX_STEPS: usize = 256;

/// The parts of the boot so far, in the order in which they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timeline {
    #[serde(deserialize_with = "limited")]
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
}

/// What comes from outside is no longer than what is recorded.
fn limited<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Step>, D::Error> {
    let mut steps: Vec<Step> = Deserialize::deserialize(deserializer)?;
    steps.truncate(MAX_STEPS);
    Ok(steps)
}
