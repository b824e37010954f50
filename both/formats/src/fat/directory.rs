//! A directory in memory: its slots, the entries they form, and where a new entry may stand.
//!
//! The unit of change is the atom, the aligned 512 bytes that a disk writes whole or not at all. All slots of an
//! entry that is written here lie in one atom.

use std::{collections::BTreeSet, ops::Range};

use super::{
    name::fold,
    slot::{DELETED, LAST, LongName, SLOT, Slot},
};

/// Slots of one atom.
pub(super) const ATOM: usize = 512 / SLOT;
/// Most slots of a directory, by the specification.
pub(super) const MAX_SLOTS: usize = 65_536;

/// An entry and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Located {
    pub name: String,
    pub short: Slot,
    /// Slots of the long name and the short entry, which is the last.
    pub slots: Range<usize>,
}

/// What a walk over the slots finds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub entries: Vec<Located>,
    /// `.` and `..`, where the directory has them.
    pub dots: Vec<Slot>,
    /// Volume labels.
    pub labels: Vec<Slot>,
    /// Long-name slots that belong to no entry.
    pub orphans: u32,
}

/// The slots of a directory, all clusters of it.
#[derive(Clone, Debug)]
pub(super) struct Directory {
    /// Path, for messages.
    pub path: String,
    pub clusters: Vec<u32>,
    pub bytes: Vec<u8>,
}

impl Directory {
    /// The path of an entry, for messages.
    pub fn path_of(&self, entry: &Located) -> String {
        format!("{}/{}", self.path, entry.name)
    }

    /// Number of slots, used or not.
    pub fn len(&self) -> usize {
        self.bytes.len() / SLOT
    }

    pub fn slot(&self, at: usize) -> Slot {
        let mut bytes = [0; SLOT];
        bytes.copy_from_slice(&self.bytes[at * SLOT..(at + 1) * SLOT]);
        Slot(bytes)
    }

    pub fn set(&mut self, at: usize, slot: &Slot) {
        self.bytes[at * SLOT..(at + 1) * SLOT].copy_from_slice(&slot.0);
    }

    /// Marks a slot with a first byte, [`DELETED`] or [`LAST`].
    pub fn mark(&mut self, at: usize, byte: u8) {
        self.bytes[at * SLOT] = byte;
    }

    /// The first slot that no reader looks at: everything from there on is free.
    pub fn end(&self) -> usize {
        (0..self.len()).find(|at| self.bytes[at * SLOT] == LAST).unwrap_or(self.len())
    }

    /// All entries.
    pub fn listing(&self) -> Listing {
        let mut listing = Listing::default();
        let mut long = LongName::default();
        let mut pending = 0;
        for at in 0..self.end() {
            let slot = self.slot(at);
            if slot.0[0] == DELETED {
                listing.orphans += std::mem::take(&mut pending);
                long = LongName::default();
            } else if slot.is_long() {
                pending += 1;
                long.take(&slot);
            } else if slot.is_label() || slot.0[0] == b'.' {
                listing.orphans += std::mem::take(&mut pending);
                long = LongName::default();
                if slot.is_label() { &mut listing.labels } else { &mut listing.dots }.push(slot);
            } else {
                let used = long.slots();
                let name = std::mem::take(&mut long).finish(&slot);
                let used = if name.is_some() { used } else { 0 };
                listing.orphans += std::mem::take(&mut pending) - used as u32;
                let name = name.unwrap_or_else(|| slot.text());
                listing.entries.push(Located { name, short: slot, slots: at - used..at + 1 });
            }
        }
        listing.orphans += pending;
        listing
    }

    /// The entry of a name, by its long or short spelling, whatever the case.
    pub fn find(&self, name: &str) -> Option<Located> {
        let wanted = fold(name);
        let matches = |e: &Located| fold(&e.name) == wanted || fold(&e.short.text()) == wanted;
        self.listing().entries.into_iter().find(matches)
    }

    /// Every spelling that is taken, but for those of the entry at some slots.
    pub fn taken(&self, except: Option<&Range<usize>>) -> BTreeSet<String> {
        let others = self.listing().entries.into_iter().filter(|entry| Some(&entry.slots) != except);
        others.flat_map(|entry| [fold(&entry.name), fold(&entry.short.text())]).collect()
    }

    /// The first place for so many slots in one atom, among the atoms of a range of slots. Beyond the end of the
    /// used slots everything is free.
    pub fn room(&self, count: usize, within: Range<usize>) -> Option<usize> {
        let end = self.end();
        let mut run = 0;
        for at in within {
            if at % ATOM == 0 {
                run = 0;
            }
            run = if at >= end || self.bytes[at * SLOT] == DELETED { run + 1 } else { 0 };
            if run == count {
                return Some(at + 1 - count);
            }
        }
        None
    }
}
