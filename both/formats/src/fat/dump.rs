//! A volume as text, for people and for snapshots: where everything lies, and every entry with its clusters.

use std::fmt::Write;

use super::{check::Severity, directory::Directory, error::FatError, reader::Volume};
use crate::device::BlockDevice;

impl<D: BlockDevice> Volume<D> {
    /// The whole volume as text. A damaged one, where a directory may hold itself, is refused; [`Volume::check`]
    /// says more about it.
    pub fn dump(&self) -> Result<String, FatError> {
        if let Some(worst) = self.check()?.worst().filter(|finding| finding.severity() == Severity::Damage) {
            return Err(FatError::Damaged(worst.clone()));
        }
        let g = &self.geometry;
        let label = String::from_utf8_lossy(&g.label).into_owned();
        let mut out = format!(
            "volume {:04x}-{:04x} {:?}, {} sectors of {} bytes, {} hidden\n",
            g.id >> 16,
            g.id & 0xffff,
            label.trim_end(),
            g.sectors,
            g.sector,
            g.hidden
        );
        let info = self.info.and_then(|info| info.free).map_or("unknown".into(), |free| free.to_string());
        let lines = format!(
            "tables {} of {} sectors from sector {}, data from byte {}\n\
             clusters {} of {} bytes, {} free, hint {info}\n",
            g.tables,
            g.table_sectors,
            g.reserved,
            g.data(),
            g.clusters,
            g.cluster,
            self.table.free()
        );
        out.push_str(&lines);
        self.dump_directory(&self.load(g.root, String::new())?, &mut out)?;
        Ok(out)
    }

    fn dump_directory(&self, directory: &Directory, out: &mut String) -> Result<(), FatError> {
        for entry in directory.listing().entries {
            let short = &entry.short;
            let first = short.first_cluster();
            let chain = if first == 0 { Vec::new() } else { self.table.chain(first, u64::MAX)? };
            let runs: Vec<String> = chain.chunk_by(|a, b| a + 1 == *b).map(run).collect();
            let [year, month, day, hour, minute, second] = short.modified().fields();
            let kind = if short.is_directory() { "dir".into() } else { format!("{} bytes", short.size()) };
            // Writing to a string can't fail.
            let _ = writeln!(
                out,
                "{} ({}) slots {}-{}, {kind}, clusters [{}], {year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}",
                directory.path_of(&entry),
                short.text(),
                entry.slots.start,
                entry.slots.end - 1,
                runs.join(" ")
            );
            if short.is_directory() {
                self.dump_directory(&self.descend(directory, &entry)?, out)?;
            }
        }
        Ok(())
    }
}

fn run(clusters: &[u32]) -> String {
    match clusters {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
        [] => String::new(),
    }
}
