//! One boot on a disk with a volatile cache, recorded, and the disks that power cuts would have left of it.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corten_report::Event;
use corten_vm::{Disk, DiskFormat, RunEvent, Until, Writes, sparse_copy};
use corten_volatile::{Cut, Record, Server, Tick, remains, write_image};

use crate::scenarios::RECIPE;
use crate::workshop::{Booted, Workshop};

/// A recorded boot, up to the orderly stop.
pub struct Recording {
    /// What was seen of it.
    pub seen: Booted,
    /// What it wrote.
    pub record: Record,
    /// The moment of the record at which the node was ready.
    pub ready: Tick,
    /// What its power cuts follow from.
    pub seed: u64,
    /// Bytes of the disk.
    pub size: u64,
    /// The disk as it was before, which may be shorter: the rest is zeros.
    before: PathBuf,
    /// The disk as it was left.
    pub after: PathBuf,
}

impl Recording {
    /// Boots kernel and initrd with a copy of a disk, grown to that size.
    pub fn make(workshop: &Workshop, name: &str, before: &Path, size: u64) -> Result<Self> {
        let image = workshop.image(RECIPE)?;
        let after = workshop.path(&format!("{name}.raw"));
        copy(before, &after, size)?;
        // Not in the folder of the images: the path of a Unix socket has 107 bytes at most.
        let folder = tempfile::Builder::new().prefix("corten-nbd-").tempdir()?;
        let file = File::options().read(true).write(true).open(&after)?;
        let server = Server::start(file, &folder.path().join("socket"))?;
        let mut machine = image.direct(image.command_line.clone(), server.socket().into());
        machine.disks =
            vec![Disk { path: server.socket().into(), format: DiskFormat::Nbd, writes: Writes::Kept }];
        let mut ready = Tick::MAX;
        let seen = workshop.boot_watched(name, &machine, Until::Ready, &mut |event, _| {
            if matches!(event, RunEvent::Report(_, Event::Ready(_))) {
                ready = server.now();
            }
        })?;
        let (record, before) = (server.stop(), before.into());
        Ok(Self { seen, record, ready, seed: workshop.seed, size, before, after })
    }

    /// Makes the disk that a power cut leaves.
    pub fn cut(&self, cut: &Cut, disk: &Path) -> Result<()> {
        copy(&self.before, disk, self.size)?;
        let file = File::options().write(true).open(disk)?;
        write_image(&file, &remains(&self.record, cut)).with_context(|| disk.display().to_string())
    }
}

fn copy(from: &Path, to: &Path, size: u64) -> Result<()> {
    sparse_copy(from, to)?;
    let file = File::options().write(true).open(to)?;
    if file.metadata()?.len() < size {
        file.set_len(size)?;
    }
    Ok(())
}

impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seen, record, ready, .. } = self;
        let bytes: u64 = record.writes().map(|(_, write)| write.content.length()).sum();
        writeln!(
            f,
            "recorded: {} writes of {bytes} bytes, {} flushes; moments: {}, ready at {ready}",
            record.writes().count(),
            record.flushes(),
            record.end(),
        )?;
        seen.fmt(f)
    }
}
