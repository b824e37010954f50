//! How long each part of the boot took, kept by both stages.

use std::path::Path;
use std::{fs, io};

use corten_report::{BeforeKernel, Step};
use serde::{Deserialize, Deserializer, Serialize};

/// Far more parts than a boot has; what comes after them is not recorded.
const MAX_STEPS: usize = 256;

/// Where programs of the node find it.
const FILE: &str = "/run/corten/timeline.json";

/// The parts of the boot so far, in the order in which they ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeline {
    /// What was before the kernel; `None` where nobody counted.
    pub before_kernel: Option<BeforeKernel>,
    /// Milliseconds from kernel start until the node was ready; 0 until then.
    pub ready_ms: u64,
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

    /// Writes it, as far as it goes, to where programs of the node find it.
    pub fn keep(&self) -> io::Result<()> {
        if let Some(folder) = Path::new(FILE).parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(FILE, serde_json::to_vec(self)?)
    }

    /// Records a part that began when the one before it ended.
    pub fn record_next(&mut self, name: impl Into<String>, end_ms: u64) {
        let start_ms = self.steps.last().map_or(end_ms, |step| step.end_ms);
        self.record(name, start_ms, end_ms);
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
