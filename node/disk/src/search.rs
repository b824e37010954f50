//! Looks at the disks of the machine for the slot that belongs to a root hash.

use std::os::unix::fs::FileExt as _;

use corten_formats::gpt::{self, types};
use corten_formats::verity::{HEAD, Mismatch, RootHash, Superblock, check_top_block};

use crate::device::{self, Disk, DiskError, disks};
use crate::slot::{self, PairError, Partition, Use};
use crate::table::state_of;

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
    /// Whether the disk has a state partition.
    pub state: Holds,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It is.
    Yes,
    /// It is not.
    No,
}

/// Several disks have the system and a state: which one is the machine's own can't be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} and {1} both have this system and a state")]
pub struct Ambiguous(pub String, pub String);

/// Takes the slot to boot: on the disk that has a state, which is one that this system booted from before, else the
/// first one.
///
/// Copies of an image are told apart by their ESP once each has booted ([`crate::table`]); a copy that never did has
/// no state, and copies of a disk with a state are for a person to tell apart.
pub fn choose(slots: &[Slot]) -> Result<Option<Slot>, Ambiguous> {
    let with_state = |slot: &&Slot| slot.state == Holds::Yes;
    let first = slots.iter().find(with_state).or(slots.first());
    let other =
        slots.iter().filter(with_state).find(|slot| first.is_some_and(|first| first.disk != slot.disk));
    match (first, other) {
        (Some(first), Some(other)) => Err(Ambiguous(first.disk.clone(), other.disk.clone())),
        (first, _) => Ok(first.cloned()),
    }
}

/// Which disks are searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// All, since nothing says where the loader started from.
    All,
    /// The one that has a partition with this GUID.
    DiskOf(gpt::Guid),
    /// The one that the kernel calls so.
    Named(String),
}

/// What a look at all disks found.
#[derive(Debug, Default)]
pub struct Found {
    /// Names of the disks that were searched.
    pub disks: Vec<String>,
    /// Slots with the right content, by name of the disk, then partition number.
    pub slots: Vec<Slot>,
    /// What was seen on disks and not taken, for the message when nothing is found.
    pub remarks: Vec<String>,
}

#[cfg(target_arch = "x86_64")]
pub(crate) const ROOT: gpt::Guid = types::ROOT_X86_64;
#[cfg(target_arch = "x86_64")]
pub(crate) const ROOT_VERITY: gpt::Guid = types::ROOT_X86_64_VERITY;
#[cfg(target_arch = "aarch64")]
pub(crate) const ROOT: gpt::Guid = types::ROOT_ARM64;
#[cfg(target_arch = "aarch64")]
pub(crate) const ROOT_VERITY: gpt::Guid = types::ROOT_ARM64_VERITY;

/// Looks at every disk once.
pub fn look(search: &Search, root_hash: &RootHash) -> Found {
    let mut found = Found::default();
    for disk in disks() {
        if matches!(search, Search::Named(name) if name != disk.name()) {
            continue;
        }
        let table = match disk.table() {
            Ok(found) => found.table,
            Err(why) => {
                found.remarks.push(format!("{}: {why}", disk.name()));
                continue;
            }
        };
        let here = match search {
            Search::All | Search::Named(_) => true,
            Search::DiskOf(guid) => table.partitions.values().any(|partition| partition.guid == *guid),
        };
        if !here {
            found.remarks.push(format!("{}: not the disk that the loader started from", disk.name()));
            continue;
        }
        found.disks.push(disk.name().into());
        let state = if matches!(state_of(&table), Ok(None)) { Holds::No } else { Holds::Yes };
        let partitions = partitions(&table);
        let mut verity = partitions.iter().filter(|partition| partition.usage == Use::RootVerity).peekable();
        if verity.peek().is_none() {
            found.remarks.push(format!("{}: no root-verity partition", disk.name()));
        }
        for candidate in verity {
            match slot_of(&disk, &partitions, candidate, root_hash) {
                Ok(slot) => found.slots.push(Slot { state, ..slot }),
                Err(why) => {
                    found.remarks.push(format!("{} partition {}: {why}", disk.name(), candidate.number));
                }
            }
        }
    }
    found
}

#[derive(Debug, thiserror::Error)]
enum LookError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("{0}")]
    Verity(#[from] Mismatch),
    #[error("{0}")]
    Pair(#[from] PairError),
}

/// The partitions of a table, as far as finding a slot goes.
fn partitions(table: &gpt::Table) -> Vec<Partition> {
    let read = table.partitions.iter().map(|(number, partition)| {
        let usage = match partition.kind {
            ROOT => Use::Root,
            ROOT_VERITY => Use::RootVerity,
            _ => Use::Other,
        };
        let bytes = table.bytes(*number).map_or(0, |range| range.end - range.start);
        Partition { number: *number, usage, label: partition.label.clone(), bytes }
    });
    read.collect()
}

fn slot_of(
    disk: &Disk,
    partitions: &[Partition],
    verity: &Partition,
    root_hash: &RootHash,
) -> Result<Slot, LookError> {
    let path = disk.partition_path(verity.number)?;
    let device = device::open(&path)?;
    let mut head = [0; HEAD];
    device.read_exact_at(&mut head, 0).map_err(|error| device::io(&path, error))?;
    let superblock = check_top_block(&head, root_hash)?;
    let data = slot::data_of(partitions, verity, &superblock)?;
    Ok(Slot {
        disk: disk.name().to_string(),
        label: data.label.clone(),
        data: disk.partition_device(data.number)?,
        verity: disk.partition_device(verity.number)?,
        superblock,
        state: Holds::No,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(disk: &str, label: &str, state: Holds) -> Slot {
        let superblock = Superblock { uuid: [0; 16], data_blocks: 1, salt: Vec::new() };
        let [data, verity] = ["254:2", "254:3"].map(String::from);
        Slot { disk: disk.into(), label: label.into(), data, verity, superblock, state }
    }

    #[test]
    fn of_two_disks_the_one_with_a_state_is_taken() {
        use Holds::{No, Yes};
        let (a, b) = (|state| slot("vda", "root-a", state), |state| slot("vdb", "root-a", state));
        assert_eq!(choose(&[]), Ok(None));
        assert_eq!(choose(&[a(No), b(No)]), Ok(Some(a(No))));
        assert_eq!(choose(&[a(No), b(Yes)]), Ok(Some(b(Yes))));
        assert_eq!(choose(&[a(Yes), slot("vda", "root-b", Yes)]), Ok(Some(a(Yes))));
        assert_eq!(choose(&[a(Yes), b(Yes)]), Err(Ambiguous("vda".into(), "vdb".into())));
    }
}
