//! Where an entry stands in its directory, and how one write of one sector makes it appear or vanish.

use std::ops::Range;

use super::{
    directory::{ATOM, Directory, Located, MAX_SLOTS},
    error::FatError,
    slot::{DELETED, LAST, SLOT, Slot},
    writer::Writer,
};
use crate::device::BlockDevice;

impl<D: BlockDevice> Writer<D> {
    /// A place for so many slots in one atom, from some slot on. The directory grows if need be.
    pub(super) fn make_room(
        &mut self,
        directory: &mut Directory,
        count: usize,
        from: usize,
    ) -> Result<usize, FatError> {
        loop {
            if let Some(at) = directory.room(count, from..directory.len()) {
                self.settle(directory, at, count)?;
                return Ok(at);
            }
            self.grow(directory)?;
        }
    }

    /// Adds one cluster of zeros to a directory. It is on the device before the chain leads to it.
    fn grow(&mut self, directory: &mut Directory) -> Result<(), FatError> {
        let cluster = self.volume.geometry.cluster as usize;
        if directory.len() + cluster / SLOT > MAX_SLOTS {
            return Err(FatError::DirectoryFull(directory.path.clone()));
        }
        let new = self.volume.table.pick(1)?;
        let last = directory.clusters[directory.clusters.len() - 1];
        self.volume.device.write_at(self.volume.geometry.offset(new[0]), &vec![0; cluster])?;
        self.volume.table.join(&new);
        self.store_table()?;
        self.volume.table.extend(last, new[0]);
        self.store_table()?;
        directory.clusters.extend(new);
        directory.bytes.resize(directory.bytes.len() + cluster, 0);
        Ok(())
    }

    /// Prepares a place so that writing its one atom is all that is left. Where the end of the used slots moves,
    /// the slot after the new ones must end the directory, and slots that are skipped must be marked as deleted.
    /// Neither changes what a reader sees.
    pub(super) fn settle(
        &mut self,
        directory: &mut Directory,
        at: usize,
        count: usize,
    ) -> Result<(), FatError> {
        let end = directory.end();
        let next = at + count;
        let mut stale = Vec::new();
        if next > end && next.is_multiple_of(ATOM) {
            stale.push(next / ATOM);
        }
        if at > end {
            stale.push(at / ATOM);
        }
        stale.retain(|atom| atom * ATOM < directory.len() && directory.slot(atom * ATOM).0[0] != LAST);
        for atom in &stale {
            directory.bytes[atom * 512..(atom + 1) * 512].fill(0);
            self.write_atom(directory, *atom)?;
        }
        if !stale.is_empty() {
            self.volume.device.flush()?;
        }
        if at > end {
            (end..at).for_each(|slot| directory.mark(slot, DELETED));
            for atom in end / ATOM..at / ATOM {
                self.write_atom(directory, atom)?;
            }
            self.volume.device.flush()?;
        }
        Ok(())
    }

    /// Writes slots into the place that was made for them, in one atom.
    pub(super) fn put(&mut self, directory: &mut Directory, at: usize, set: &[Slot]) -> Result<(), FatError> {
        let end = directory.end();
        let next = at + set.len();
        if next > end {
            directory.bytes[next * SLOT..next.next_multiple_of(ATOM) * SLOT].fill(0);
        }
        for (slot, bytes) in (at..).zip(set) {
            directory.set(slot, bytes);
        }
        self.write_atom(directory, at / ATOM)
    }

    /// Marks slots as deleted. The atom with the short entry goes first: with it the entry is gone.
    pub(super) fn erase(&mut self, directory: &mut Directory, slots: Range<usize>) -> Result<(), FatError> {
        let last = (slots.end - 1) / ATOM;
        (slots.start.max(last * ATOM)..slots.end).for_each(|slot| directory.mark(slot, DELETED));
        self.write_atom(directory, last)?;
        self.volume.device.flush()?;
        self.erase_leftovers(directory, &slots)
    }

    /// Marks the pieces of a long name that another system wrote into atoms before that of the short entry.
    pub(super) fn erase_leftovers(
        &mut self,
        directory: &mut Directory,
        slots: &Range<usize>,
    ) -> Result<(), FatError> {
        let last = (slots.end - 1) / ATOM;
        if slots.start >= last * ATOM {
            return Ok(());
        }
        (slots.start..last * ATOM).for_each(|slot| directory.mark(slot, DELETED));
        for atom in slots.start / ATOM..last {
            self.write_atom(directory, atom)?;
        }
        Ok(self.volume.device.flush()?)
    }

    /// Writes the sector that holds an atom; they are the same unless the volume has larger sectors.
    fn write_atom(&mut self, directory: &Directory, atom: usize) -> Result<(), FatError> {
        let geometry = &self.volume.geometry;
        let (sector, cluster) = (geometry.sector as usize, geometry.cluster as usize);
        let start = atom * 512 / sector * sector;
        let offset = geometry.offset(directory.clusters[start / cluster]) + (start % cluster) as u64;
        Ok(self.volume.device.write_at(offset, &directory.bytes[start..start + sector])?)
    }
}

/// The directory without an entry, and a place for its successor in the atom of its short entry, if there is one.
pub(super) fn without_old(directory: &Directory, old: &Located, count: usize) -> Option<(Directory, usize)> {
    let atom = (old.slots.end - 1) / ATOM;
    let mut without = directory.clone();
    (old.slots.start.max(atom * ATOM)..old.slots.end).for_each(|slot| without.mark(slot, DELETED));
    let at = without.room(count, atom * ATOM..(atom + 1) * ATOM)?;
    Some((without, at))
}
