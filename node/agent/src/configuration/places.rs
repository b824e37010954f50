//! Where configurations are read from and kept.

use std::path::PathBuf;

use corten_control::BOOT_PATH;

use crate::root::Root;

/// The paths of the configuration below a root.
#[derive(Clone, Debug)]
pub struct Places {
    /// What stands for `/`.
    pub root: Root,
}

impl Places {
    /// The default of the image. An image may have none.
    pub fn image(&self) -> PathBuf {
        self.root.path("/usr/lib/corten/config.toml")
    }

    /// The folder of documents that the machine brought along, which init filled.
    pub fn platform(&self) -> PathBuf {
        self.root.path("/run/corten/config")
    }

    /// The agent's own folder on the state.
    pub fn kept(&self) -> PathBuf {
        self.root.path("/var/lib/corten/agent/config")
    }

    /// The trial that runs. It ends with the start of the node that it was begun in, so it lies in memory.
    pub fn trial(&self) -> PathBuf {
        self.root.path("/run/corten/agent/trial.json")
    }

    /// What init says of this start.
    pub fn boot(&self) -> PathBuf {
        self.root.path(BOOT_PATH)
    }

    /// The kernel's name for this start.
    pub fn boot_id(&self) -> PathBuf {
        self.root.path("/proc/sys/kernel/random/boot_id")
    }
}
