//! Disks whose drivers are loaded beside the services: one of them may hold a configuration, so what collects that runs
//! again. A disk that is plugged in later has no say: the node is configured by then.

use std::collections::BTreeSet;
use std::fs;

use super::Node;
use crate::role::{PLATFORM, PROGRAM};
use crate::supervisor::{Input, Wish};

/// Names of the disks and partitions that there are.
pub(super) fn names() -> BTreeSet<String> {
    let entries = fs::read_dir("/sys/class/block").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

impl Node<'_> {
    /// Has the configuration collected again if there are disks that were not there before. Called once, when the
    /// drivers of the devices of the start are loaded.
    pub(super) fn look_for_disks(&mut self) {
        let now = names();
        let new = now.difference(&self.disks).next().is_some();
        self.disks = now;
        let collects =
            |exec: &[String]| matches!(exec, [program, word] if program == PROGRAM && word == PLATFORM);
        let at = self.table.iter().position(|service| collects(&service.exec));
        if let Some(at) = at.filter(|_| new && self.going.is_none()) {
            self.feed(Input::Asked(at, Wish::Restart));
        }
    }
}
