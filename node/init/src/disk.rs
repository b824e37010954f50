//! The disks of the machine: which there are, their partition tables, and the slot on them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use corten_formats::gpt::{self, SectorSize, types};
use corten_formats::verity::{HEAD, RootHash, Superblock, check_top_block};

use crate::slot::{self, PairError, Partition, Use};

/// The two partitions of a slot, by device number as device-mapper takes them, `254:2` for example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Name of the disk, `vda` for example.
    pub disk: String,
    /// GPT label of the data.
    pub label: String,
    /// Device of the data.
    pub data: String,
    /// Device of the hash tree.
    pub verity: String,
    /// What the tree says of itself.
    pub superblock: Superblock,
}

/// Which disks are searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// All, since nothing says where the loader started from.
    All,
    /// The one that has a partition with this GUID.
    DiskOf(gpt::Guid),
}

/// What a look at all disks found.
#[derive(Debug, Default)]
pub struct Found {
    /// Slots with the right content, by name of the disk, then partition number.
    pub slots: Vec<Slot>,
    /// What was seen on disks and not taken, for the message when nothing is found.
    pub remarks: Vec<String>,
}

const SYS_BLOCK: &str = "/sys/block";

#[cfg(target_arch = "x86_64")]
const ROOT: gpt::Guid = types::ROOT_X86_64;
#[cfg(target_arch = "x86_64")]
const ROOT_VERITY: gpt::Guid = types::ROOT_X86_64_VERITY;
#[cfg(target_arch = "aarch64")]
const ROOT: gpt::Guid = types::ROOT_ARM64;
#[cfg(target_arch = "aarch64")]
const ROOT_VERITY: gpt::Guid = types::ROOT_ARM64_VERITY;

/// Looks at every disk once.
pub fn look(search: &Search, root_hash: &RootHash) -> Found {
    let mut found = Found::default();
    for disk in disks() {
        let partitions = match partitions(&disk) {
            Ok(table) => table,
            Err(why) => {
                found.remarks.push(format!("{}: {why}", disk.name));
                continue;
            }
        };
        let here = match search {
            Search::All => true,
            Search::DiskOf(guid) => partitions.iter().any(|(_, partition)| partition == guid),
        };
        if !here {
            found.remarks.push(format!("{}: not the disk that the loader started from", disk.name));
            continue;
        }
        let partitions: Vec<Partition> = partitions.into_iter().map(|(partition, _)| partition).collect();
        let mut verity = partitions.iter().filter(|partition| partition.usage == Use::RootVerity).peekable();
        if verity.peek().is_none() {
            found.remarks.push(format!("{}: no root-verity partition", disk.name));
        }
        for candidate in verity {
            match slot_of(&disk, &partitions, candidate, root_hash) {
                Ok(slot) => found.slots.push(slot),
                Err(why) => {
                    found.remarks.push(format!("{} partition {}: {why}", disk.name, candidate.number));
                }
            }
        }
    }
    found
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error("{0}: {1}")]
    Io(String, std::io::Error),
    #[error("{0}")]
    Table(#[from] gpt::ReadError),
    #[error("sectors of {0} bytes are not supported")]
    Sector(u64),
    #[error("the kernel has no device for partition {0} yet")]
    NoDevice(u32),
    #[error("{0}")]
    Verity(#[from] corten_formats::verity::Mismatch),
    #[error("{0}")]
    Pair(#[from] PairError),
}

struct Disk {
    name: String,
    sys: PathBuf,
}

/// Disks with something in them, by name. Loop, memory and mapped devices are none.
fn disks() -> Vec<Disk> {
    let mut disks: Vec<Disk> = fs::read_dir(SYS_BLOCK)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .map(|name| Disk { sys: Path::new(SYS_BLOCK).join(&name), name })
        .filter(|disk| disk.sys.join("device").exists() && number(&disk.sys.join("size")) > Some(0))
        .collect();
    disks.sort_by(|a, b| a.name.cmp(&b.name));
    disks
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The partitions of a disk with their GUIDs.
fn partitions(disk: &Disk) -> Result<Vec<(Partition, gpt::Guid)>, LookError> {
    let sector = number(&disk.sys.join("queue/logical_block_size")).unwrap_or(512);
    let sector = SectorSize::from_bytes(sector).ok_or(LookError::Sector(sector))?;
    let device = open(&disk.name)?;
    // The size in sysfs counts 512 bytes, whatever the sectors of the disk are.
    let bytes = number(&disk.sys.join("size")).unwrap_or(0).saturating_mul(512);
    let table = gpt::read(sector, bytes, |at, buffer| device.read_exact_at(buffer, at))?.table;
    let read = table.partitions.iter().map(|(number, partition)| {
        let usage = match partition.kind {
            ROOT => Use::Root,
            ROOT_VERITY => Use::RootVerity,
            _ => Use::Other,
        };
        let sectors = partition.last.saturating_sub(partition.first).saturating_add(1);
        let bytes = sectors.saturating_mul(sector.bytes());
        (Partition { number: *number, usage, label: partition.label.clone(), bytes }, partition.guid)
    });
    Ok(read.collect())
}

fn slot_of(
    disk: &Disk,
    partitions: &[Partition],
    verity: &Partition,
    root_hash: &RootHash,
) -> Result<Slot, LookError> {
    let device = open(&partition_name(disk, verity.number)?)?;
    let mut head = [0; HEAD];
    device.read_exact_at(&mut head, 0).map_err(|error| LookError::Io(verity.label.clone(), error))?;
    let superblock = check_top_block(&head, root_hash)?;
    let data = slot::data_of(partitions, verity, &superblock)?;
    Ok(Slot {
        disk: disk.name.clone(),
        label: data.label.clone(),
        data: device_number(disk, data.number)?,
        verity: device_number(disk, verity.number)?,
        superblock,
    })
}

fn open(name: &str) -> Result<File, LookError> {
    let path = format!("/dev/{name}");
    File::open(&path).map_err(|error| LookError::Io(path, error))
}

/// The kernel's name of a partition: the directory below the disk's whose file `partition` has that number.
fn partition_name(disk: &Disk, wanted: u32) -> Result<String, LookError> {
    fs::read_dir(&disk.sys)
        .into_iter()
        .flatten()
        .flatten()
        .find(|entry| number(&entry.path().join("partition")) == Some(wanted.into()))
        .and_then(|entry| entry.file_name().into_string().ok())
        .ok_or(LookError::NoDevice(wanted))
}

fn device_number(disk: &Disk, partition: u32) -> Result<String, LookError> {
    let path = disk.sys.join(partition_name(disk, partition)?).join("dev");
    let text = fs::read_to_string(&path).map_err(|error| LookError::Io(path.display().to_string(), error))?;
    Ok(text.trim().to_string())
}
