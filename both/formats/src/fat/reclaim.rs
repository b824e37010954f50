//! What a power cut leaves behind, taken back: clusters of files that never got their entry, the older name of an
//! interrupted rename, tables that differ. A cut during the repair leaves the same kind of things again.

use super::{
    check::{Finding, Scan, Severity},
    error::FatError,
    writer::Writer,
};
use crate::device::BlockDevice;

/// What opening a volume for writing repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reclaimed {
    /// Everything that was found, notes included.
    pub findings: Vec<Finding>,
    /// Clusters that are free again.
    pub clusters: u32,
}

impl<D: BlockDevice> Writer<D> {
    /// Repairs what can be repaired. A damaged volume is refused: what looks lost there may be the rest of a file.
    pub(super) fn reclaim(&mut self) -> Result<(), FatError> {
        let scan = Scan::run(&self.volume)?;
        if let Some(worst) = scan.report.worst().filter(|f| f.severity() == Severity::Damage) {
            return Err(FatError::Damaged(worst.clone()));
        }
        for (first, slots) in &scan.twins {
            let mut directory = self.volume.load(*first, String::new())?;
            self.erase(&mut directory, slots.clone())?;
        }
        let table = &mut self.volume.table;
        table.release(&scan.lost);
        table.touch(scan.differing.iter().copied());
        if !scan.lost.is_empty() || !scan.differing.is_empty() {
            self.store_table()?;
        }
        self.reclaimed = Reclaimed { findings: scan.report.findings, clusters: scan.lost.len() as u32 };
        self.hint()
    }
}
