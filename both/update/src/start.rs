//! The record of starts: how many starts of the running version in a row did not become healthy.
//!
//! It lies in two copies before the first partition, where no partition and no entry array reaches, each one sector
//! in a page of its own. A write goes to the copy that is not in force, so one that is torn by a power cut leaves the
//! other. What is read counts only if its checksum holds; without any valid copy the count begins anew.
//!
//! ```text
//! start begun      count + 1, or 1 of another version
//! healthy          0
//! orderly stop before that takes the start back: count - 1
//! ```
//!
//! A sector: 8 bytes `corten\0s`, version 1, count (u32), sequence number (u64), root hash (32 bytes), zeros, CRC-32
//! of the 508 bytes before it. Little endian.

use std::io;

use corten_formats::device::BlockDevice;
use corten_formats::verity::RootHash;

/// Where the two copies lie on the disk, in bytes. Changing it makes nodes forget their count.
pub const COPIES: [u64; 2] = [(1 << 20) - 8192, (1 << 20) - 4096];
/// Bytes before the first partition that a disk needs for the record.
pub const END: u64 = 1 << 20;
/// Bytes of a copy: what a disk writes whole or not at all.
pub const SECTOR: usize = 512;
/// Unhealthy starts in a row after which a committed version gives way to the other one. The loader's tries of a
/// staged version are as many.
pub const LIMIT: u32 = 3;

const MAGIC: [u8; 8] = *b"corten\0s";
const VERSION: u32 = 1;
const CHECKED: usize = SECTOR - 4;

/// One state of the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The higher one of two copies is in force.
    pub sequence: u64,
    /// The version that was started.
    pub root_hash: RootHash,
    /// Its starts since the last healthy one.
    pub starts: u32,
}

/// A sector that is no copy of the record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Nothing of ours.
    #[error("not a record of starts")]
    Magic,
    /// Written by a version of init to come.
    #[error("record of starts has version {0}: expected {VERSION}")]
    Version(u32),
    /// Torn, or changed.
    #[error("record of starts has checksum {found:08x}: expected {expected:08x}")]
    Checksum {
        /// What it has.
        found: u32,
        /// What its content has.
        expected: u32,
    },
}

impl Record {
    /// The sector as written.
    pub fn sector(&self) -> Vec<u8> {
        let mut sector = Vec::with_capacity(SECTOR);
        sector.extend(MAGIC);
        sector.extend(VERSION.to_le_bytes());
        sector.extend(self.starts.to_le_bytes());
        sector.extend(self.sequence.to_le_bytes());
        sector.extend(self.root_hash.0);
        sector.resize(CHECKED, 0);
        sector.extend(crc32fast::hash(&sector).to_le_bytes());
        sector
    }

    /// Reads a sector.
    pub fn parse(sector: &[u8]) -> Result<Self, RecordError> {
        let (magic, rest) = sector.split_first_chunk().ok_or(RecordError::Magic)?;
        if *magic != MAGIC {
            return Err(RecordError::Magic);
        }
        let (content, checksum) = sector.split_at_checked(CHECKED).ok_or(RecordError::Magic)?;
        let found =
            checksum.first_chunk().map(|bytes| u32::from_le_bytes(*bytes)).ok_or(RecordError::Magic)?;
        let expected = crc32fast::hash(content);
        if found != expected {
            return Err(RecordError::Checksum { found, expected });
        }
        let (version, rest) = rest.split_first_chunk().ok_or(RecordError::Magic)?;
        if u32::from_le_bytes(*version) != VERSION {
            return Err(RecordError::Version(u32::from_le_bytes(*version)));
        }
        let (starts, rest) = rest.split_first_chunk().ok_or(RecordError::Magic)?;
        let (sequence, rest) = rest.split_first_chunk().ok_or(RecordError::Magic)?;
        let root_hash = rest.first_chunk().ok_or(RecordError::Magic)?;
        Ok(Self {
            sequence: u64::from_le_bytes(*sequence),
            root_hash: RootHash(*root_hash),
            starts: u32::from_le_bytes(*starts),
        })
    }
}

/// The record as it was found on a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Starts {
    /// The copy in force and the record in it.
    in_force: Option<(usize, Record)>,
}

impl Starts {
    /// Of two sectors, takes the newer valid one.
    pub fn of(copies: [&[u8]; 2]) -> Self {
        let valid =
            copies.into_iter().enumerate().filter_map(|(at, copy)| Some((at, Record::parse(copy).ok()?)));
        Self { in_force: valid.max_by_key(|(_, record)| record.sequence) }
    }

    /// Reads both copies from a disk. A copy that can't be read counts as none.
    pub fn read(disk: &impl BlockDevice) -> Self {
        let [first, second] = COPIES.map(|at| {
            let mut sector = [0; SECTOR];
            disk.read_at(at, &mut sector).map_or([0; SECTOR], |()| sector)
        });
        Self::of([&first, &second])
    }

    /// Starts of this version in a row that were not healthy.
    pub fn unhealthy(&self, root_hash: &RootHash) -> u32 {
        self.own(root_hash).map_or(0, |record| record.starts)
    }

    /// A start begins.
    pub fn begun(&self, root_hash: &RootHash) -> Record {
        self.with(root_hash, self.unhealthy(root_hash).saturating_add(1))
    }

    /// The version is healthy. `None` where the record says so already.
    pub fn healthy(&self, root_hash: &RootHash) -> Option<Record> {
        let counted = self.own(root_hash).is_none_or(|record| record.starts > 0);
        counted.then(|| self.with(root_hash, 0))
    }

    /// Somebody stopped the machine before the version could become healthy: that start does not count.
    pub fn taken_back(&self, root_hash: &RootHash) -> Option<Record> {
        let starts = self.unhealthy(root_hash).checked_sub(1)?;
        Some(self.with(root_hash, starts))
    }

    /// Where the next record goes: the copy that is not in force.
    pub fn place(&self) -> u64 {
        let [first, second] = COPIES;
        if self.in_force.as_ref().is_some_and(|(at, _)| *at == 0) { second } else { first }
    }

    /// Writes one sector, and returns when it is on stable storage.
    pub fn write(&self, disk: &mut impl BlockDevice, record: &Record) -> io::Result<()> {
        disk.write_at(self.place(), &record.sector())?;
        disk.flush()
    }

    fn own(&self, root_hash: &RootHash) -> Option<&Record> {
        self.in_force.as_ref().map(|(_, record)| record).filter(|record| record.root_hash == *root_hash)
    }

    fn with(&self, root_hash: &RootHash, starts: u32) -> Record {
        let last = self.in_force.as_ref().map_or(0, |(_, record)| record.sequence);
        Record { sequence: last.saturating_add(1), root_hash: *root_hash, starts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Event {
        Begun(u8),
        Healthy(u8),
        TakenBack(u8),
    }

    fn event() -> impl Strategy<Value = Event> {
        let version = 1..3u8;
        prop_oneof![
            3 => version.clone().prop_map(Event::Begun),
            1 => version.clone().prop_map(Event::Healthy),
            1 => version.prop_map(Event::TakenBack),
        ]
    }

    fn record(starts: &Starts, event: &Event) -> Option<Record> {
        match event {
            Event::Begun(version) => Some(starts.begun(&RootHash([*version; 32]))),
            Event::Healthy(version) => starts.healthy(&RootHash([*version; 32])),
            Event::TakenBack(version) => starts.taken_back(&RootHash([*version; 32])),
        }
    }

    /// Both copies in memory, at their distance on a disk.
    fn write(copies: &mut [Vec<u8>; 2], starts: &Starts, sector: &[u8]) {
        copies[usize::from(starts.place() == COPIES[1])][..sector.len()].copy_from_slice(sector);
    }

    fn read(copies: &[Vec<u8>; 2]) -> Starts {
        Starts::of([&copies[0], &copies[1]])
    }

    proptest! {
        #[test]
        fn the_count_is_that_of_the_starts_since_the_last_healthy_one(events in prop::collection::vec(event(), 0..40)) {
            let mut copies = [vec![0; SECTOR], vec![0; SECTOR]];
            let mut model = (0, 0);
            for event in &events {
                let starts = read(&copies);
                if let Some(record) = record(&starts, event) {
                    write(&mut copies, &starts, &record.sector());
                }
                model = match (event, model) {
                    (Event::Begun(version), (known, count)) if *version == known => (known, count + 1),
                    (Event::Begun(version), _) => (*version, 1),
                    (Event::Healthy(version), _) => (*version, 0),
                    (Event::TakenBack(version), (known, count)) if *version == known && count > 0 => (known, count - 1),
                    (_, same) => same,
                };
                for version in 1..3 {
                    let expected = if model.0 == version { model.1 } else { 0 };
                    prop_assert_eq!(read(&copies).unhealthy(&RootHash([version; 32])), expected);
                }
            }
        }

        #[test]
        fn a_torn_write_leaves_the_old_record_or_the_new_one(
            events in prop::collection::vec(event(), 1..20),
            torn in 0..=SECTOR,
        ) {
            let mut copies = [vec![0; SECTOR], vec![0; SECTOR]];
            for event in &events {
                let before = read(&copies);
                let Some(record) = record(&before, event) else { continue };
                let sector = record.sector();
                let mut cut = copies.clone();
                write(&mut cut, &before, &sector[..torn]);
                write(&mut copies, &before, &sector);
                let (left, after) = (read(&cut), read(&copies));
                let same = |one: &Starts, two: &Starts| {
                    one.in_force.as_ref().map(|(_, record)| record.clone())
                        == two.in_force.as_ref().map(|(_, record)| record.clone())
                };
                prop_assert!(same(&left, &before) || same(&left, &after));
                prop_assert!(torn < SECTOR || same(&left, &after));
            }
        }

        #[test]
        fn one_changed_bit_makes_a_copy_invalid(sequence in any::<u64>(), starts in any::<u32>(), bit in 0..SECTOR * 8) {
            let record = Record { sequence, root_hash: RootHash([7; 32]), starts };
            let mut sector = record.sector();
            prop_assert_eq!(Record::parse(&sector), Ok(record));
            sector[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(Record::parse(&sector).is_err());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), keep in any::<bool>()) {
            let mut bytes = bytes;
            if keep && bytes.len() > 8 {
                bytes[..8].copy_from_slice(&MAGIC);
            }
            prop_assert!(Record::parse(&bytes).is_err());
        }
    }

    #[test]
    fn a_record_of_another_version_is_refused() {
        let mut sector = Record { sequence: 1, root_hash: RootHash([1; 32]), starts: 1 }.sector();
        sector[8] = 2;
        let checksum = crc32fast::hash(&sector[..CHECKED]);
        sector[CHECKED..].copy_from_slice(&checksum.to_le_bytes());
        assert_eq!(Record::parse(&sector), Err(RecordError::Version(2)));
    }
}
