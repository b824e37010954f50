//! A disk that fails at its end: what needs the change fails with it, what does not goes on.

use std::io;

use corten_disk::NoState;
use corten_disk::table::{Brought, Refusal, WriteError, bring_up, find, rewrite, state_of};
use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::gpt::{Guid, SectorSize};

use crate::disks::{DISK, FRESH, MIB, SECTORS, SLOT, disk, grown, image};

/// A disk whose last mebibyte can be read and not be written.
struct BadEnd(SparseMemory);

impl BlockDevice for BadEnd {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, buffer)
    }

    fn write_at(&mut self, offset: u64, data: &[u8]) -> io::Result<()> {
        if offset + data.len() as u64 > self.size() - MIB {
            return Err(io::Error::other("a bad sector"));
        }
        self.0.write_at(offset, data)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn bring_up_on(device: SparseMemory, sector: SectorSize) -> Result<Brought, NoState> {
    bring_up(&mut BadEnd(device), sector, SLOT, &mut || Ok(FRESH))
}

/// A disk that was booted.
fn booted(sector: SectorSize) -> SparseMemory {
    let mut device = disk(&image(sector), DISK);
    let brought = bring_up(&mut device, sector, SLOT, &mut || Ok(FRESH)).unwrap();
    assert!(brought.left.is_none() && !brought.changes.is_empty());
    device
}

#[test]
fn a_state_that_is_there_is_used_though_the_table_can_not_be_mended_or_grow() {
    for sector in SECTORS {
        let whole = booted(sector);
        let mut damaged = whole.clone();
        damaged.write_at(DISK - sector.bytes(), &vec![0xff; sector.bytes() as usize]).unwrap();
        for device in [damaged, grown(&whole, DISK + 64 * MIB)] {
            let brought = bring_up_on(device, sector).expect("the state is there");
            assert!(state_of(&brought.table).unwrap().is_some());
            assert_eq!((brought.table, brought.changes), (brought.before, Vec::new()));
            let left = brought.left.expect("it could not be mended").to_string();
            assert_eq!(left, "writing the partition table: a bad sector");
        }
    }
}

#[test]
fn without_a_state_a_table_that_can_not_be_written_is_an_error() {
    for sector in SECTORS {
        let failed = bring_up_on(disk(&image(sector), DISK), sector).expect_err("there is no state");
        assert!(matches!(failed, NoState::Write(WriteError::Io(_))), "{failed}");
    }
}

#[test]
fn nothing_is_written_where_nothing_is_wanted() {
    for sector in SECTORS {
        let brought = bring_up_on(booted(sector), sector).unwrap();
        assert!(brought.left.is_none() && brought.changes.is_empty());
    }
}

#[test]
fn of_two_states_none_is_used() {
    let sector = SectorSize::S512;
    let mut device = booted(sector);
    let found = find(&device, sector).unwrap();
    let mut table = found.table.clone();
    let state = state_of(&table).unwrap().unwrap();
    let mut second = table.partitions[&state].clone();
    let middle = second.first + (second.last - second.first) / 2;
    (second.first, second.guid) = (middle + 1, Guid::new(0x57a7f));
    table.partitions.get_mut(&state).unwrap().last = middle;
    table.partitions.insert(state + 1, second);
    rewrite(&mut device, &found, &table).unwrap();
    let failed = bring_up_on(device, sector).expect_err("there are two");
    assert!(matches!(failed, NoState::Refusal(Refusal::TwoStates(..))), "{failed}");
}
