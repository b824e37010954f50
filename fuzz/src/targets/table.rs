//! Partition tables. The checksums of mutated ones are made right again, or nothing behind them would be reached.

use corten_disk::table::{self as disk, Fresh, WriteError};
use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::gpt::{self as format, Guid, SectorSize, Wish, types};

const SECTOR: u64 = 512;
/// Protective MBR, header, and the two places where a rewrite puts the entry array; the backup has one array.
const FRONT: usize = 66 * 512;
const BACK: usize = 33 * 512;

/// Room for a second slot and a state.
const DISK: u64 = 8 << 30;

/// A disk as it is built, made smaller: an ESP and a slot.
fn built() -> Option<format::Table> {
    let wish = |kind, label: &str, size, byte| Wish {
        kind,
        guid: Guid::from_bytes([byte; 16]),
        label: label.into(),
        attributes: 0,
        size,
        content: 0,
    };
    let wishes = [
        wish(types::ESP, "esp", 512 << 20, 1),
        wish(types::ROOT_X86_64, "root-a", 1 << 30, 2),
        wish(types::ROOT_X86_64_VERITY, "root-a-verity", 16 << 20, 3),
    ];
    format::layout(SectorSize::S512, Guid::from_bytes([9; 16]), &wishes).ok()
}

/// Front and back of a disk with a table.
fn ends(table: &format::Table) -> Option<Vec<u8>> {
    let disk = table.disk_sectors * SECTOR;
    let mut ends = vec![0; FRONT + BACK];
    for area in table.areas().ok()?.all() {
        let shift = if area.offset < FRONT as u64 { 0 } else { disk - (FRONT + BACK) as u64 };
        let at = area.offset.checked_sub(shift)?;
        ends.get_mut(at as usize..)?.get_mut(..area.bytes.len())?.copy_from_slice(&area.bytes);
    }
    Some(ends)
}

/// The table as it was built, the same on a disk of its size, and one with everything.
pub fn seeds() -> Vec<Vec<u8>> {
    let Some(built) = built() else { return Vec::new() };
    let mut grown = built.clone();
    grown.disk_sectors = DISK / SECTOR;
    let whole = device(&ends(&grown).unwrap_or_default()).and_then(|mut device| {
        let found = disk::find(&device, SectorSize::S512).ok()?;
        let plan = disk::plan(&found, DISK, "root-a", &Fresh::NONE).ok()?;
        disk::rewrite(&mut device, &found, &plan.table).ok().map(|found| found.table)
    });
    [Some(built), Some(grown), whole]
        .iter()
        .map(|table| table.as_ref().and_then(ends).unwrap_or_default())
        .collect()
}

/// A large disk with these ends.
fn device(ends: &[u8]) -> Option<SparseMemory> {
    let mut device = SparseMemory::new(DISK);
    let (front, back) = ends.split_at(ends.len().min(FRONT));
    let back = &back[..back.len().min(BACK)];
    device.write_at(0, front).ok()?;
    device.write_at(DISK - BACK as u64, back).ok()?;
    Some(device)
}

/// Makes the checksums of the header at this offset right, if there is one and what it names is there.
fn repair(bytes: &mut [u8], header: usize, array: impl Fn(u64) -> Option<usize>) -> Option<()> {
    let number = |bytes: &[u8], at: usize, length: usize| {
        let part = bytes.get(header + at..)?.get(..length)?;
        Some(part.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    if bytes.get(header..)?.get(..8)? != b"EFI PART" {
        return None;
    }
    let (start, count, size) = (number(bytes, 72, 8)?, number(bytes, 80, 4)?, number(bytes, 84, 4)?);
    let length = usize::try_from(count.checked_mul(size)?).ok()?;
    let entries = crc32fast::hash(bytes.get(array(start)?..)?.get(..length)?);
    bytes.get_mut(header + 88..)?.get_mut(..4)?.copy_from_slice(&entries.to_le_bytes());
    bytes.get_mut(header + 16..)?.get_mut(..4)?.fill(0);
    let length = number(bytes, 12, 4)? as usize;
    let crc = crc32fast::hash(bytes.get(header..)?.get(..length)?);
    bytes.get_mut(header + 16..)?.get_mut(..4)?.copy_from_slice(&crc.to_le_bytes());
    Some(())
}

/// The same ends with right checksums, wherever a header names an array that is there.
fn repaired(ends: &[u8]) -> Vec<u8> {
    let mut ends = ends.to_vec();
    let shift = DISK - (FRONT + BACK) as u64;
    let front = |sector: u64| usize::try_from(sector.checked_mul(SECTOR)?).ok();
    let back = |sector: u64| usize::try_from(sector.checked_mul(SECTOR)?.checked_sub(shift)?).ok();
    let _ = repair(&mut ends, SECTOR as usize, front);
    let _ = repair(&mut ends, FRONT + BACK - SECTOR as usize, back);
    ends
}

/// Reads a table, as it is and with right checksums.
pub fn gpt(input: &[u8]) {
    for ends in [input.to_vec(), repaired(input)] {
        let Some(device) = device(&ends) else { continue };
        for sector in [SectorSize::S512, SectorSize::S4096] {
            if let Ok(found) = disk::find(&device, sector) {
                let _ = (format::dump(&found.table), found.table.areas());
                for number in found.table.partitions.keys() {
                    let _ = found.table.bytes(*number);
                }
            }
        }
    }
}

/// Whatever the first boot makes of a table that it takes, it reads back as it was planned.
pub fn plan(input: &[u8]) {
    let Some(mut device) = device(&repaired(input)) else { return };
    let Ok(found) = disk::find(&device, SectorSize::S512) else { return };
    let Ok(plan) = disk::plan(&found, DISK, "root-a", &Fresh::NONE) else { return };
    let written = disk::rewrite(&mut device, &found, &plan.table);
    if let Err(error @ (WriteError::Differs | WriteError::Read(_) | WriteError::Table(_))) = written {
        panic!("{error}");
    }
}
