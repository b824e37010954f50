//! What the kernel says that becomes a metric.

use corten_api::v1;

use crate::facts::node::{Memory, Processors};
use crate::facts::{FactError, disks, links, mounts, node};
use crate::root::Root;

/// What the kernel says that becomes a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Memory.
    pub memory: Memory,
    /// Processors and their time.
    pub processors: Processors,
    /// Load over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Milliseconds since kernel start.
    pub uptime_ms: u64,
    /// Disks.
    pub disks: Vec<v1::Disk>,
    /// Links.
    pub links: Vec<v1::Link>,
    /// Mounts.
    pub mounts: Vec<v1::Mount>,
}

impl Facts {
    /// Reads all of it. Disks, links and mounts that can't be read are left out; without memory, processors, load or
    /// uptime there is no `/proc`, and nothing that is worth a metric.
    pub fn read(root: &Root) -> Result<Self, FactError> {
        Ok(Self {
            memory: node::memory(root)?,
            processors: node::processors(root)?,
            load: node::load(root)?,
            uptime_ms: node::uptime_ms(root)?,
            disks: disks::list(root).unwrap_or_default(),
            links: links::list(root).unwrap_or_default(),
            mounts: mounts::list(root).unwrap_or_default(),
        })
    }
}
