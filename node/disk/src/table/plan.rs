//! Decides what the partition table must be: two slots of the same sizes, and the state in the rest of the disk.

use std::fmt;

use corten_formats::gpt::{Found, Guid, Partition, Table, TableError, types};

use super::room;
use super::write::{Foreign, replaceable};
use crate::search::{ROOT, ROOT_VERITY};

/// The state has that many bytes at least.
pub const MIN_STATE: u64 = 256 << 20;

/// Label of the state partition.
pub const STATE_LABEL: &str = "state";

/// Random identities, for what is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// Of the disk.
    pub disk: Guid,
    /// Of the EFI system partition.
    pub esp: Guid,
    /// Of the data of the second slot.
    pub root: Guid,
    /// Of the hash tree of the second slot.
    pub verity: Guid,
    /// Of the state.
    pub state: Guid,
}

impl Fresh {
    /// For a plan that is not carried out.
    pub const NONE: Self =
        Self { disk: guid(1), esp: guid(2), root: guid(3), verity: guid(4), state: guid(5) };
}

const fn guid(value: u128) -> Guid {
    Guid::new(value)
}

/// The table as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The table.
    pub table: Table,
    /// Why it has to be written; empty where the disk is as it must be.
    pub changes: Vec<Change>,
    /// The second slot could not be made. The node runs without, but can't be updated.
    pub lacks: Option<NoRoom>,
}

/// One difference between the table as found and as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A partition is added: its label and bytes.
    Added(String, u64),
    /// The state grows: to that many bytes.
    Grown(u64),
    /// The disk has grown, so the backup moves to its end.
    DiskGrown,
    /// The primary copy is damaged.
    Primary(String),
    /// The backup is damaged.
    Backup(String),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(label, bytes) => write!(f, "{label} is added, {} MiB", bytes >> 20),
            Self::Grown(bytes) => write!(f, "{STATE_LABEL} grows to {} MiB", bytes >> 20),
            Self::DiskGrown => write!(f, "the backup moves to the end of the disk"),
            Self::Primary(why) => write!(f, "the primary copy is mended ({why})"),
            Self::Backup(why) => write!(f, "the backup is mended ({why})"),
        }
    }
}

/// There is no room for a partition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{label} needs {} MiB in one piece, and the largest free piece has {} MiB", .needs >> 20, .largest >> 20)]
pub struct NoRoom {
    /// The partition.
    pub label: String,
    /// Bytes that it needs.
    pub needs: u64,
    /// Bytes of the largest free piece.
    pub largest: u64,
}

/// Why the table is left as it is and there is no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The slot that runs is not in the table.
    #[error("the table has no partition {0:?} with its {0}-verity, though the system runs from it")]
    NoSlot(String),
    /// Which partition is the state can't be told.
    #[error("partitions {0} and {1} are both labelled {STATE_LABEL:?}")]
    TwoStates(u32, u32),
    /// There is no room, and so many bytes are needed on a disk without partitions of others.
    #[error("{room}; the disk has {has} bytes, and with nothing else on it {needs} would do")]
    NoRoom {
        /// What does not fit.
        room: NoRoom,
        /// Bytes of the disk.
        has: u64,
        /// Bytes of a disk with room for all that Corten wants.
        needs: u64,
    },
    /// All entries are taken.
    #[error("the table has no free entry")]
    Full,
    /// The table is not ours to write over.
    #[error(transparent)]
    Foreign(#[from] Foreign),
    /// The table would not be valid.
    #[error("the table can't be rewritten: {0}")]
    Table(#[from] TableError),
}

/// The number of the state partition, if there is one.
pub fn state_of(table: &Table) -> Result<Option<u32>, Refusal> {
    let mut states = table
        .partitions
        .iter()
        .filter(|(_, partition)| partition.kind == types::VAR && partition.label == STATE_LABEL)
        .map(|(number, _)| *number);
    match (states.next(), states.next()) {
        (Some(first), Some(second)) => Err(Refusal::TwoStates(first, second)),
        (first, _) => Ok(first),
    }
}

/// The table once the file system of the state is made.
pub fn without_being_made(table: &Table, state: u32) -> Table {
    let mut table = table.clone();
    if let Some(partition) = table.partitions.get_mut(&state) {
        partition.attributes &= !types::ATTRIBUTE_BEING_MADE;
    }
    table
}

/// The table with the state to be made anew.
pub fn being_made(table: &Table, state: u32) -> Table {
    let mut table = table.clone();
    if let Some(partition) = table.partitions.get_mut(&state) {
        partition.attributes |= types::ATTRIBUTE_BEING_MADE;
    }
    table
}

/// Decides. `slot` is the label of the slot that runs, `disk_bytes` the size that the disk has now.
pub fn plan(found: &Found, disk_bytes: u64, slot: &str, fresh: &Fresh) -> Result<Plan, Refusal> {
    let mut table = found.table.clone();
    let mut changes = Vec::new();
    let sector = table.sector.bytes();
    if disk_bytes / sector > table.disk_sectors {
        table.disk_sectors = disk_bytes / sector;
        changes.push(Change::DiskGrown);
    }
    let state = state_of(&table)?;
    let before = table.partitions.len();
    let mut lacks = None;
    for wish in second_slot(&table, slot, fresh)? {
        let label = wish.label.clone();
        match (add(&mut table, wish), state) {
            (Ok(bytes), _) => changes.push(Change::Added(label, bytes)),
            // What there is of the state counts for more than a slot for updates.
            (Err(Refusal::NoRoom { room, .. }), Some(_)) => lacks = Some(room),
            (Err(Refusal::NoRoom { room, has, .. }), None) => {
                return Err(Refusal::NoRoom { room, has, needs: whole_disk(found, slot) });
            }
            (Err(refusal), _) => return Err(refusal),
        }
    }
    match state.and_then(|number| table.partitions.get(&number).map(|state| (number, state.last + 1))) {
        Some((number, end)) => {
            if let Some(grown) = room::growth(&table, end)
                && let Some(state) = table.partitions.get_mut(&number)
            {
                state.last = grown.saturating_sub(1);
                changes.push(Change::Grown((grown.saturating_sub(state.first)).saturating_mul(sector)));
            }
        }
        None => changes.push(add_state(&mut table, found, slot, fresh)?),
    }
    if table.partitions.len() > before {
        // A disk is told from others with the same image by these, so they are its own from now on.
        table.disk_guid = fresh.disk;
        if let Some(esp) = table.partitions.values_mut().find(|partition| partition.kind == types::ESP) {
            esp.guid = fresh.esp;
        }
    }
    changes.extend(found.primary.as_ref().map(|why| Change::Primary(why.to_string())));
    if !changes.contains(&Change::DiskGrown) {
        changes.extend(found.backup.as_ref().map(|why| Change::Backup(why.to_string())));
    }
    table.check()?;
    if !changes.is_empty() {
        replaceable(found)?;
    }
    Ok(Plan { table, changes, lacks })
}

/// A partition that is to be added.
struct Wish {
    kind: Guid,
    guid: Guid,
    label: String,
    attributes: u64,
    sectors: u64,
}

/// The label of the slot that is not this one.
pub fn other_label(slot: &str) -> String {
    match (slot.strip_suffix("-a"), slot.strip_suffix("-b")) {
        (Some(name), _) => format!("{name}-b"),
        (_, Some(name)) => format!("{name}-a"),
        _ => format!("{slot}-b"),
    }
}

/// The partition of that type and label.
fn labelled<'a>(table: &'a Table, kind: Guid, label: &str) -> Option<&'a Partition> {
    table.partitions.values().find(|partition| partition.kind == kind && partition.label == label)
}

/// The number of the partition of that type and label.
pub(crate) fn labelled_number(table: &Table, kind: Guid, label: &str) -> Option<u32> {
    let is = |partition: &Partition| partition.kind == kind && partition.label == label;
    table.partitions.iter().find(|(_, partition)| is(partition)).map(|(number, _)| *number)
}

fn length(partition: &Partition) -> u64 {
    partition.last.saturating_sub(partition.first).saturating_add(1)
}

/// The two partitions of the slot that runs.
fn running<'a>(table: &'a Table, slot: &str) -> Result<[&'a Partition; 2], Refusal> {
    let parts = (labelled(table, ROOT, slot), labelled(table, ROOT_VERITY, &format!("{slot}-verity")));
    match parts {
        (Some(root), Some(verity)) => Ok([root, verity]),
        _ => Err(Refusal::NoSlot(slot.into())),
    }
}

/// What the second slot lacks: partitions like those of the slot that runs.
fn second_slot(table: &Table, slot: &str, fresh: &Fresh) -> Result<Vec<Wish>, Refusal> {
    let other = other_label(slot);
    let labels = [other.clone(), format!("{other}-verity")];
    let parts = running(table, slot)?.into_iter().zip(labels).zip([fresh.root, fresh.verity]);
    let wishes = parts.filter(|((like, label), _)| labelled(table, like.kind, label).is_none()).map(
        |((like, label), guid)| Wish {
            kind: like.kind,
            guid,
            label,
            attributes: like.attributes,
            sectors: length(like),
        },
    );
    Ok(wishes.collect())
}

/// Adds a partition in the first free piece that has room for it. Returns its bytes.
fn add(table: &mut Table, wish: Wish) -> Result<u64, Refusal> {
    let Wish { kind, guid, label, attributes, sectors } = wish;
    let sector = table.sector.bytes();
    let sectors = sectors.checked_next_multiple_of(room::align(table)).unwrap_or(u64::MAX);
    let free = room::free(table);
    let Some(place) = free.iter().find(|range| range.end - range.start >= sectors) else {
        let largest = free.iter().map(|range| range.end - range.start).max().unwrap_or(0);
        let room =
            NoRoom { label, needs: sectors.saturating_mul(sector), largest: largest.saturating_mul(sector) };
        let has = table.disk_sectors.saturating_mul(sector);
        return Err(Refusal::NoRoom { room, has, needs: has });
    };
    let (first, last) = (place.start, place.start.saturating_add(sectors).saturating_sub(1));
    let number = (1..=128).find(|number| !table.partitions.contains_key(number)).ok_or(Refusal::Full)?;
    table.partitions.insert(number, Partition { kind, guid, label, attributes, first, last });
    Ok(sectors.saturating_mul(sector))
}

/// Adds the state in the largest free piece.
fn add_state(table: &mut Table, found: &Found, slot: &str, fresh: &Fresh) -> Result<Change, Refusal> {
    let sector = table.sector.bytes();
    let largest = room::free(table).iter().map(|range| range.end - range.start).max().unwrap_or(0);
    let sectors = largest.max(MIN_STATE / sector);
    let wish = Wish {
        kind: types::VAR,
        guid: fresh.state,
        label: STATE_LABEL.into(),
        attributes: types::ATTRIBUTE_BEING_MADE,
        sectors,
    };
    match add(table, wish) {
        Ok(bytes) => Ok(Change::Added(STATE_LABEL.into(), bytes)),
        Err(Refusal::NoRoom { room, has, .. }) => {
            Err(Refusal::NoRoom { room, has, needs: whole_disk(found, slot) })
        }
        Err(refusal) => Err(refusal),
    }
}

/// Bytes of a disk that holds what is there now up to the slot that runs, a second slot and the smallest state.
fn whole_disk(found: &Found, slot: &str) -> u64 {
    let table = &found.table;
    let Ok(parts) = running(table, slot) else { return 0 };
    let end = parts.iter().map(|partition| partition.last.saturating_add(1)).max().unwrap_or(0);
    let slot: u64 = parts.iter().map(|partition| length(partition)).sum();
    let sectors = end.saturating_add(slot).saturating_add(MIN_STATE / table.sector.bytes());
    // One more MiB for the backup of the table.
    sectors.saturating_add(room::align(table)).saturating_mul(table.sector.bytes())
}
