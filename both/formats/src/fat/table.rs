//! The file allocation table in memory: which cluster follows which, and which are free.
//!
//! The whole table is held, 512 KiB for the default ESP. Changes mark sectors as changed, and [`Table::store`]
//! writes those sectors to every copy, merged into runs. It does not flush: the caller knows the order.

use std::{collections::BTreeSet, io};

use super::{boot::Geometry, error::FatError};
use crate::device::BlockDevice;

/// Bits of an entry that name the next cluster; the upper four are reserved and kept as found.
const MASK: u32 = 0x0fff_ffff;
const BAD: u32 = 0x0fff_fff7;
const END: u32 = 0x0fff_ffff;

/// What the table says of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Free,
    /// Marked as unusable.
    Bad,
    /// The last cluster of a chain.
    End,
    /// The next cluster, one of this volume.
    Next(u32),
    /// A number that is no cluster of this volume.
    Wrong(u32),
}

#[derive(Debug)]
pub(super) struct Table {
    entries: Vec<u32>,
    clusters: u32,
    free: u32,
    /// Cluster where the search for free ones begins.
    pub next: u32,
    changed: BTreeSet<u32>,
    per_sector: u32,
}

impl Table {
    /// Reads the active table of a volume.
    pub fn load(device: &impl BlockDevice, geometry: &Geometry) -> io::Result<Self> {
        let entries = read(device, geometry, geometry.active)?;
        let per_sector = geometry.sector / 4;
        let mut table = Self {
            entries,
            clusters: geometry.clusters,
            free: 0,
            next: 2,
            changed: BTreeSet::new(),
            per_sector,
        };
        table.free = (2..geometry.clusters + 2).filter(|c| table.link(*c) == Link::Free).count() as u32;
        Ok(table)
    }

    /// What the table says of a cluster; one that does not exist is wrong.
    pub fn link(&self, cluster: u32) -> Link {
        if cluster < 2 || cluster >= self.clusters + 2 {
            return Link::Wrong(cluster);
        }
        match self.entries[cluster as usize] & MASK {
            0 => Link::Free,
            BAD => Link::Bad,
            0x0fff_fff8..=MASK => Link::End,
            next if next >= 2 && next < self.clusters + 2 => Link::Next(next),
            wrong => Link::Wrong(wrong),
        }
    }

    /// Free clusters.
    pub fn free(&self) -> u32 {
        self.free
    }

    /// The clusters of a chain, in order. A chain of more than `limit` clusters is broken.
    pub fn chain(&self, first: u32, limit: u64) -> Result<Vec<u32>, FatError> {
        let limit = limit.min(u64::from(self.clusters));
        let mut chain = vec![first];
        let mut at = first;
        loop {
            match self.link(at) {
                Link::End => return Ok(chain),
                Link::Next(next) if (chain.len() as u64) < limit => {
                    chain.push(next);
                    at = next;
                }
                _ => return Err(FatError::BrokenChain { first, at }),
            }
        }
    }

    /// Picks free clusters without taking them: the first gap that holds them all, else the first ones.
    pub fn pick(&self, count: u32) -> Result<Vec<u32>, FatError> {
        if count > self.free {
            return Err(FatError::Full { needed: count, free: self.free });
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let mut scattered = Vec::new();
        let mut run = 0;
        let last = self.clusters + 2;
        let start = if self.next < last { self.next.max(2) } else { 2 };
        for cluster in (start..last).chain(2..start) {
            if cluster == 2 || self.link(cluster) != Link::Free {
                run = 0;
            }
            if self.link(cluster) == Link::Free {
                run += 1;
                if scattered.len() < count as usize {
                    scattered.push(cluster);
                }
            }
            if run == count {
                return Ok((cluster + 1 - count..=cluster).collect());
            }
        }
        Ok(scattered)
    }

    /// Makes one chain of free clusters.
    pub fn join(&mut self, chain: &[u32]) {
        for pair in chain.windows(2) {
            self.set(pair[0], pair[1]);
        }
        if let Some(last) = chain.last() {
            self.set(*last, END);
            self.next = if last + 1 < self.clusters + 2 { last + 1 } else { 2 };
        }
    }

    /// Hangs a chain behind the last cluster of another.
    pub fn extend(&mut self, last: u32, next: u32) {
        self.set(last, next);
    }

    /// Gives clusters back.
    pub fn release(&mut self, clusters: &[u32]) {
        for cluster in clusters {
            self.set(*cluster, 0);
        }
    }

    fn set(&mut self, cluster: u32, value: u32) {
        let entry = &mut self.entries[cluster as usize];
        match (*entry & MASK, value) {
            (0, 1..) => self.free -= 1,
            (1.., 0) => self.free += 1,
            _ => {}
        }
        *entry = *entry & !MASK | value;
        self.changed.insert(cluster / self.per_sector);
    }

    /// Sectors in which another copy of the table differs from this one.
    pub fn differences(&self, device: &impl BlockDevice, geometry: &Geometry) -> io::Result<BTreeSet<u32>> {
        let mut found = BTreeSet::new();
        let copies = if geometry.mirrored { geometry.tables } else { 0 };
        for copy in (0..copies).filter(|c| *c != geometry.active) {
            let other = read(device, geometry, copy)?;
            let here = self.entries.chunks(self.per_sector as usize);
            let pairs = here.zip(other.chunks(self.per_sector as usize));
            found.extend(
                (0u32..).zip(pairs).filter(|(_, (here, there))| here != there).map(|(sector, _)| sector),
            );
        }
        Ok(found)
    }

    /// Marks sectors to be written again.
    pub fn touch(&mut self, sectors: impl IntoIterator<Item = u32>) {
        self.changed.extend(sectors);
    }

    /// Writes the changed sectors to all copies, in ascending order, neighbours in one write.
    pub fn store(&mut self, device: &mut impl BlockDevice, geometry: &Geometry) -> io::Result<()> {
        let changed: Vec<u32> = std::mem::take(&mut self.changed).into_iter().collect();
        for copy in 0..geometry.tables {
            if !geometry.mirrored && copy != geometry.active {
                continue;
            }
            for run in changed.chunk_by(|a, b| a + 1 == *b) {
                let from = (run[0] * self.per_sector) as usize;
                let entries = &self.entries[from..from + run.len() * self.per_sector as usize];
                let bytes: Vec<u8> = entries.iter().flat_map(|entry| entry.to_le_bytes()).collect();
                device.write_at(
                    geometry.table(copy) + u64::from(run[0]) * u64::from(geometry.sector),
                    &bytes,
                )?;
            }
        }
        Ok(())
    }
}

/// The used sectors of one copy. The boot sector was checked to give each table room for all clusters.
fn read(device: &impl BlockDevice, geometry: &Geometry, copy: u32) -> io::Result<Vec<u32>> {
    let sectors = ((geometry.clusters + 2) * 4).div_ceil(geometry.sector);
    let mut bytes = vec![0; (sectors * geometry.sector) as usize];
    device.read_at(geometry.table(copy), &mut bytes)?;
    Ok(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}
