//! Disks for data, beside the one that the node runs from: each holds one file system on the whole disk. A disk is
//! formatted only if it holds nothing at all, and one that holds something else is left as it is.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use corten_formats::ext4::{OFFSET, SIZE, Superblock};
use corten_sys::SysError;
use corten_sys::mount::{Mount, MountFlags, mount};

use crate::device::{Disk, DiskError, disks, io};
use crate::state::{ToolError, run};

const MAKE: &str = "/usr/sbin/mke2fs";
const CHECK: &str = "/usr/sbin/e2fsck";
/// A disk is empty if so many bytes at its start and at its end are zero: every file system, partition table and RAID
/// has something there.
const LOOK: u64 = 1 << 20;

/// Where it is noted that a disk is being formatted: what a loss of power left half done is begun anew.
const NOTES: &str = "/var/lib/corten";

/// Which disk is meant, and what it is to be.
#[derive(Clone, Debug)]
pub struct Wanted<'a> {
    /// Its name in the kernel, if that matters.
    pub name: Option<&'a str>,
    /// Its serial number, if that matters.
    pub serial: Option<&'a str>,
    /// Label of its file system.
    pub label: &'a str,
    /// Where it is mounted.
    pub mount: &'a str,
}

/// Why a disk is not mounted.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// No disk fits.
    #[error("no disk fits; there are {0}")]
    None(String),
    /// Several do.
    #[error("{0} fit, expected one disk")]
    Several(String),
    /// It is the node's own.
    #[error("{0} is the disk that the node runs from")]
    Own(String),
    /// It holds something else.
    #[error("{0} holds something that is not an ext4 labelled {1:?}, and is left as it is")]
    Foreign(String, String),
    /// It can't be read or written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A program of e2fsprogs failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The kernel refused.
    #[error(transparent)]
    System(#[from] SysError),
}

/// Finds the disk, makes its file system if it is empty, and mounts it. `own` is the disk that the node runs from.
pub fn bring_up(wanted: &Wanted<'_>, own: &str, say: &mut dyn FnMut(&str)) -> Result<(), DataError> {
    let disk = choose(disks(), wanted)?;
    if disk.name() == own {
        return Err(DataError::Own(own.into()));
    }
    let device = disk.path().display().to_string();
    let note = Note::of(&disk, wanted.label);
    match content(&disk)? {
        Content::Empty => make(&disk, &note, wanted.label, say)?,
        _ if note.is_there() => make(&disk, &note, wanted.label, say)?,
        Content::Ext4(label) if label == wanted.label => {
            let (_, said) = run(CHECK, &["-p", &device], mended, &mut || {})?;
            say(&format!("{device}: {said}"));
        }
        Content::Ext4(_) | Content::Other => {
            return Err(DataError::Foreign(device, wanted.label.into()));
        }
    }
    fs::create_dir_all(wanted.mount).map_err(|error| io(Path::new(wanted.mount), error))?;
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOATIME;
    let data = "errors=remount-ro";
    Ok(mount(&Mount { source: &device, target: wanted.mount, kind: "ext4", flags, data })?)
}

fn make(disk: &Disk, note: &Note, label: &str, say: &mut dyn FnMut(&str)) -> Result<(), DataError> {
    let device = disk.path().display().to_string();
    say(&format!("{device}: making an ext4 labelled {label:?}"));
    note.write()?;
    let options = ["-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-E", "lazy_itable_init=1", "-L"];
    let arguments: Vec<&str> = options.into_iter().chain([label, device.as_str()]).collect();
    run(MAKE, &arguments, |status| status.success(), &mut || {})?;
    let file = File::options().write(true).open(disk.path()).map_err(|error| io(&disk.path(), error))?;
    file.sync_all().map_err(|error| io(&disk.path(), error))?;
    Ok(note.remove()?)
}

/// That a disk is being formatted, kept on the state of the node until its file system is on it.
struct Note {
    path: PathBuf,
    /// What tells the disk from another one: its serial number, size and label.
    text: String,
}

impl Note {
    fn of(disk: &Disk, label: &str) -> Self {
        let serial = disk.serial().unwrap_or_default();
        let text = format!("{serial} {} {label}\n", disk.bytes());
        Self { path: Path::new(NOTES).join(format!("making-{}", disk.name())), text }
    }

    fn is_there(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    fn write(&self) -> Result<(), DiskError> {
        let write = || {
            let mut file = File::create(&self.path)?;
            file.write_all(self.text.as_bytes())?;
            file.sync_all()?;
            File::open(NOTES)?.sync_all()
        };
        write().map_err(|error| io(&self.path, error))
    }

    fn remove(&self) -> Result<(), DiskError> {
        fs::remove_file(&self.path).map_err(|error| io(&self.path, error))
    }
}

/// The one disk that fits.
fn choose(disks: Vec<Disk>, wanted: &Wanted<'_>) -> Result<Disk, DataError> {
    let names = |disks: &[Disk]| disks.iter().map(Disk::name).collect::<Vec<_>>().join(", ");
    let all = names(&disks);
    let fits = |disk: &Disk| {
        wanted.name.is_none_or(|name| name == disk.name())
            && wanted.serial.is_none_or(|serial| disk.serial().as_deref() == Some(serial))
    };
    let mut fitting: Vec<Disk> = disks.into_iter().filter(fits).collect();
    match (fitting.pop(), fitting.as_slice()) {
        (Some(disk), []) => Ok(disk),
        (Some(disk), others) => Err(DataError::Several(format!("{}, {}", names(others), disk.name()))),
        (None, _) => Err(DataError::None(all)),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Empty,
    /// With its label.
    Ext4(String),
    Other,
}

fn content(disk: &Disk) -> Result<Content, DiskError> {
    let path = disk.path();
    look(&path, disk.bytes()).map_err(|error| io(&path, error))
}

fn look(path: &PathBuf, bytes: u64) -> std::io::Result<Content> {
    let device = File::open(path)?;
    let mut block = [0; SIZE];
    device.read_exact_at(&mut block, OFFSET)?;
    if Superblock::parse(&block).is_ok() {
        // `s_volume_name`, 16 bytes from byte 120 of the superblock, filled up with zeros.
        let label = block.get(120..136).unwrap_or_default();
        let end = label.iter().position(|byte| *byte == 0).unwrap_or(label.len());
        let label = String::from_utf8_lossy(label.get(..end).unwrap_or_default());
        return Ok(Content::Ext4(label.into_owned()));
    }
    let length = LOOK.min(bytes);
    let mut piece = vec![0; length as usize];
    for offset in [0, bytes - length] {
        device.read_exact_at(&mut piece, offset)?;
        if piece.iter().any(|byte| *byte != 0) {
            return Ok(Content::Other);
        }
    }
    Ok(Content::Empty)
}

/// e2fsck(8): 1 means errors were corrected, 2 that a mounted file system should be mounted anew; this one is not.
fn mended(status: ExitStatus) -> bool {
    status.code().is_some_and(|code| code & !3 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_disk_of_zeros_is_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("disk");
        let size = 4 << 20;
        let with = |at: Option<usize>| {
            let mut bytes = vec![0; size];
            if let Some(at) = at {
                bytes[at] = 1;
            }
            fs::write(&path, bytes).expect("a file");
            look(&path, size as u64).expect("it can be read")
        };
        assert_eq!(with(None), Content::Empty);
        assert_eq!(with(Some(511)), Content::Other);
        assert_eq!(with(Some(size - 1)), Content::Other);
    }
}
