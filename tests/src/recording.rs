//! One boot on a disk with a volatile cache, recorded, and the disks that power cuts would have left of it.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corten_report::Event;
use corten_vm::{Disk, DiskFormat, Machine, RunEvent, Until, Writes, sparse_copy};
use corten_volatile::{Cut, Record, Server, Tick, remains, write_image};

use crate::image::Image;
use crate::scenarios::RECIPE;
use crate::workshop::{Booted, Workshop};

/// What starts the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// QEMU, with kernel and initrd.
    Kernel,
    /// Firmware and loader.
    Loader,
}

impl By {
    /// A machine with this disk.
    pub fn machine(self, image: &Image, path: PathBuf, format: DiskFormat) -> Machine {
        let machine = match self {
            Self::Kernel => image.direct(image.command_line.clone(), path.clone()),
            Self::Loader => image.uefi(),
        };
        Machine { disks: vec![Disk { path, format, writes: Writes::Kept }], ..machine }
    }
}

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
    /// What started it, and starts what is left after a cut.
    pub by: By,
    /// Bytes of the disk.
    pub size: u64,
    /// The disk as it was before, which may be shorter: the rest is zeros.
    before: PathBuf,
    /// The disk as it was left.
    pub after: PathBuf,
}

impl Recording {
    /// Boots with a copy of a disk, grown to that size.
    pub fn make(workshop: &Workshop, name: &str, by: By, (before, size): (&Path, u64)) -> Result<Self> {
        let image = workshop.image(RECIPE)?;
        let after = workshop.path(&format!("{name}.raw"));
        copy(before, &after, size)?;
        // Not in the folder of the images: the path of a Unix socket has 107 bytes at most.
        let folder = tempfile::Builder::new().prefix("corten-nbd-").tempdir()?;
        let file = File::options().read(true).write(true).open(&after)?;
        let server = Server::start(file, &folder.path().join("socket"))?;
        let machine = by.machine(&image, server.socket().into(), DiskFormat::Nbd);
        let mut ready = Tick::MAX;
        let seen = workshop.boot_watched(name, &machine, Until::Ready, &mut |event, _| {
            if matches!(event, RunEvent::Report(_, Event::Ready(_))) {
                ready = server.now();
            }
        })?;
        let (record, before) = (server.stop(), before.into());
        Ok(Self { seen, record, ready, seed: workshop.seed, by, size, before, after })
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
