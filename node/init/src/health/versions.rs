//! The versions on this disk: boot images on the EFI system partition, and the slots that they name.

use std::fs::File;
use std::io;

use corten_disk::{Search, Slot};
use corten_formats::device::FileDevice;
use corten_formats::fat::{FatError, Volume};
use corten_formats::uki::PeImage;
use corten_formats::verity::RootHash;
use corten_update::esp::{Esp, EspError, path};
use corten_update::{BootName, Digits};

use crate::cmdline::CommandLine;

/// Largest boot image that is read to learn what it boots, bytes. It is held in memory.
const MAX_IMAGE: u32 = 256 << 20;

/// Why the versions can't be told or changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum VersionsError {
    #[error("/dev/{0}: {1}")]
    Io(String, io::Error),
    #[error("EFI system partition: {0}")]
    Fat(#[from] FatError),
    #[error(transparent)]
    Esp(#[from] EspError),
}

/// The device of the partition of that name, `vda1` for example.
fn device(esp: &str) -> Result<FileDevice, VersionsError> {
    let open = File::options().read(true).write(true).open(format!("/dev/{esp}"));
    open.and_then(FileDevice::new).map_err(|error| VersionsError::Io(esp.into(), error))
}

/// Opens the partition for changes.
pub(super) fn open(esp: &str) -> Result<Esp<FileDevice>, VersionsError> {
    Ok(Esp::open(device(esp)?)?)
}

/// Opens the partition for reading: nothing is repaired.
pub(super) fn read(esp: &str) -> Result<Volume<FileDevice>, VersionsError> {
    Ok(Volume::open(device(esp)?)?)
}

/// The root hash that a boot image starts, from the command line in it. `None` where it does not tell, or tells
/// another one than its name.
pub(super) fn root_hash(volume: &Volume<FileDevice>, name: &BootName) -> Option<RootHash> {
    let path = path(name);
    if volume.entry(&path).ok()?.size > MAX_IMAGE {
        return None;
    }
    let image = volume.read_file(&path).ok()?;
    let command_line = PeImage::parse(&image).ok()?.section(".cmdline")?.to_vec();
    let command_line = CommandLine::parse(str::from_utf8(&command_line).ok()?.trim_end_matches('\0')).ok()?;
    Some(command_line.root_hash).filter(|root_hash| Digits::of(root_hash) == name.root)
}

/// The slot on a disk whose tree has this root.
pub(super) fn slot(disk: &str, root_hash: &RootHash) -> Option<Slot> {
    corten_disk::look(&Search::Named(disk.into()), root_hash).slots.into_iter().next()
}

/// Whether the disk has the root that a boot image starts, whole at the top block of its tree.
pub(super) fn has_root(disk: &str, volume: &Volume<FileDevice>, name: &BootName) -> bool {
    root_hash(volume, name).is_some_and(|root_hash| slot(disk, &root_hash).is_some())
}
