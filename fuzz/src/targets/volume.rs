//! FAT volumes. An input holds the parts of a small volume that say something; the rest is as it was made.

use std::ops::Range;
use std::sync::LazyLock;

use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::fat::{self as format, FatError, FormatOptions, Timestamp, Volume, Writer};
use corten_update::esp::Esp;
use corten_update::{BootName, Digits};

/// Little more than the smallest volume that FAT32 can be on, since every run walks its tables.
const VOLUME: u64 = 34 << 20;

/// Boot sector and sector of counts; the front of each table; the front of the clusters.
const PARTS: [u64; 3] = [1024, 2048, 12 << 10];

/// A volume, and which of its parts an input holds.
struct Base {
    device: SparseMemory,
    parts: Vec<Range<u64>>,
}

static BASE: LazyLock<Option<Base>> = LazyLock::new(|| base().ok());

/// A committed version, one on trial, one that is staged, and a file of somebody else.
const NAMES: [&str; 4] = [
    "EFI/Linux/corten_1.0_0123abcd.efi",
    "EFI/Linux/corten_1.1_89abcdef+2-1.efi",
    "EFI/Linux/corten_1.2_76543210.efi.staged",
    "EFI/Linux/a file with a long name.txt",
];

fn base() -> Result<Base, FatError> {
    let mut device = SparseMemory::new(VOLUME);
    let time = Timestamp::from_unix(0);
    let options =
        FormatOptions { volume_id: 1, label: "ESP", hidden_sectors: 2048, cluster: Some(512), time };
    format::format(&mut device, &options)?;
    let mut writer = Writer::open(device)?;
    writer.mkdir("EFI", time)?;
    writer.mkdir("EFI/Linux", time)?;
    for (name, length) in NAMES.iter().zip([1200, 600, 600, 0]) {
        writer.write_file(name, &vec![7; length], time)?;
    }
    let device = writer.finish()?;
    let mut boot = [0; 512];
    device.read_at(0, &mut boot)?;
    let number = |at: usize, length: usize| {
        boot[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    };
    // Reserved sectors, tables, sectors of a table.
    let (reserved, tables, sectors) = (number(14, 2) * 512, number(16, 1), number(36, 4) * 512);
    let [front, table, clusters] = PARTS;
    let starts = (0..tables).map(|n| reserved + n * sectors);
    let parts = std::iter::once(0..front)
        .chain(starts.map(|start| start..start + table))
        .chain(std::iter::once(reserved + tables * sectors).map(|start| start..start + clusters));
    Ok(Base { parts: parts.collect(), device })
}

pub fn seeds() -> Vec<Vec<u8>> {
    let read = |base: &Base| {
        let mut seed = Vec::new();
        for part in &base.parts {
            let mut bytes = vec![0; (part.end - part.start) as usize];
            base.device.read_at(part.start, &mut bytes).ok()?;
            seed.extend(bytes);
        }
        Some(seed)
    };
    BASE.as_ref().and_then(read).into_iter().collect()
}

/// The volume with the parts of an input.
fn laid_out(input: &[u8]) -> Option<SparseMemory> {
    let base = BASE.as_ref()?;
    let (mut device, mut rest) = (base.device.clone(), input);
    for part in &base.parts {
        let (bytes, behind) = rest.split_at(rest.len().min((part.end - part.start) as usize));
        device.write_at(part.start, bytes).ok()?;
        rest = behind;
    }
    Some(device)
}

/// Reads a volume, and writes to it.
pub fn fat(input: &[u8]) {
    let Some(mut device) = laid_out(input) else { return };
    if let Ok(volume) = Volume::open(&mut device) {
        let _ = (volume.list("EFI/Linux"), volume.read_file(NAMES[0]));
    }
    let Ok(mut writer) = Writer::open(device) else { return };
    let before = is_clean(writer.volume());
    let _ = writer.write_file("new.efi", b"content", Timestamp::from_unix(0));
    let _ = writer.rename(NAMES[3], "another name.txt");
    let _ = writer.remove(NAMES[2]);
    assert!(!before || is_clean(writer.volume()), "a volume without faults has one after writing");
}

/// Changes what boots on a live volume. What is done leaves a volume without faults as one.
pub fn boot_images(input: &[u8]) {
    let Some(device) = laid_out(input) else { return };
    let Ok(mut esp) = Esp::open(device) else { return };
    let Ok(entries) = esp.entries() else { return };
    let before = is_clean(esp.volume());
    let digits: Vec<Digits> = entries.iter().map(|entry| entry.root).collect();
    for version in digits {
        let _ = (esp.commit(version), esp.fall_back(version, &|_, _| true), esp.roll_back(version));
    }
    if let Ok(staged) = "corten_1.2_76543210.efi".parse::<BootName>() {
        let _ = (esp.stage(&staged, b"content", Timestamp::from_unix(0)), esp.activate(&staged));
    }
    let _ = esp.next_boot();
    assert!(!before || is_clean(esp.volume()), "a volume without faults has one after a rename");
}

fn is_clean<D: BlockDevice>(volume: &Volume<D>) -> bool {
    volume.check().is_ok_and(|report| report.worst().is_none())
}
