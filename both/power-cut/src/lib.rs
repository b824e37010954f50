//! Power cuts, simulated: what a disk may hold when the power goes, given everything that was written to it.
//!
//! A [`Recorder`] remembers writes and flushes. [`after_cut`] makes the disk that a cut behind any of them leaves:
//! all that was flushed, and of the later writes any part, in sectors of 512 bytes. Only tests use this crate.
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use corten_formats::device::{BlockDevice, SparseMemory};

/// What a disk writes whole or not at all.
const SECTOR: usize = 512;

/// What reached the cache of a disk.
#[derive(Clone, Debug)]
pub enum Event {
    /// Bytes at an offset, both in whole sectors.
    Write(u64, Vec<u8>),
    /// What came before is on stable storage before anything that comes after.
    Flush,
}

/// The events of a recorder and its clones.
pub type Events = Rc<RefCell<Vec<Event>>>;

/// A device that remembers what was done to it.
#[derive(Clone, Debug)]
pub struct Recorder {
    device: SparseMemory,
    events: Events,
}

impl Recorder {
    /// A device with this content and no events yet.
    pub fn new(device: SparseMemory) -> Self {
        Self { device, events: Rc::default() }
    }

    /// What was and will be done to it.
    pub fn events(&self) -> Events {
        Rc::clone(&self.events)
    }
}

impl BlockDevice for Recorder {
    fn size(&self) -> u64 {
        self.device.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.device.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.events.borrow_mut().push(Event::Write(offset, data.to_vec()));
        self.device.write_at(offset, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.events.borrow_mut().push(Event::Flush);
        Ok(())
    }
}

/// Whether flushes mean something to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flushes {
    /// As they should.
    Kept,
    /// A disk that lies: the control by which a simulation proves that it would notice.
    Ignored,
}

/// What is on the disk after a cut behind so many events: all that was flushed, and of the rest those sectors for
/// which the coin says so.
pub fn after_cut(
    start: &SparseMemory,
    events: &[Event],
    flushes: Flushes,
    coin: &mut dyn FnMut() -> bool,
) -> SparseMemory {
    let mut device = start.clone();
    let certain = match flushes {
        Flushes::Kept => events.iter().rposition(|event| matches!(event, Event::Flush)).unwrap_or(0),
        Flushes::Ignored => 0,
    };
    for (number, event) in events.iter().enumerate() {
        let Event::Write(offset, data) = event else { continue };
        assert!(
            offset.is_multiple_of(SECTOR as u64) && data.len().is_multiple_of(SECTOR),
            "{} bytes at {offset} are no whole sectors",
            data.len()
        );
        for (sector, bytes) in data.chunks(SECTOR).enumerate() {
            if number < certain || coin() {
                let at = offset + (SECTOR * sector) as u64;
                device.write_at(at, bytes).expect("the recorder took this write");
            }
        }
    }
    device
}

/// A coin from a seed: a plain xorshift, so that a failing case can be repeated.
pub fn coin(seed: u64) -> impl FnMut() -> bool {
    // Some cuts lose or keep nearly everything.
    let mut state = seed | 1;
    let share = [128, 20, 236][(seed >> 32) as usize % 3];
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) % 256 < share
    }
}

/// A FAT32 volume cut down to so many clusters, so that looking at all of it is quick. Its boot sector is changed to
/// say so; nothing may be stored on it yet.
#[must_use]
pub fn with_clusters(mut volume: SparseMemory, clusters: u32) -> SparseMemory {
    let mut boot = [0; SECTOR];
    volume.read_at(0, &mut boot).expect("a volume has a boot sector");
    let table = u32::from_le_bytes([boot[36], boot[37], boot[38], boot[39]]);
    let sectors = u32::from(boot[14]) + 2 * table + clusters * u32::from(boot[13]);
    let free = (clusters - 1).to_le_bytes();
    // The number of sectors in the boot sector, and the free clusters in the hint behind it.
    for (at, bytes) in [(32, sectors.to_le_bytes()), (SECTOR as u64 + 488, free)] {
        volume.write_at(at, &bytes).expect("both lie at the start of the volume");
    }
    volume
}
