//! FAT32: layout, foreign readers, random sequences of changes against a model, power cuts, hostile volumes.
#![allow(clippy::unwrap_used, reason = "a test fails where it unwraps")]

mod foreign;
mod hostile;
mod layout;
mod model;
mod power;
#[path = "../tool/mod.rs"]
mod tool;

use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::fat::{FormatOptions, Timestamp, Writer, format};

/// 2024-02-29 12:34:56.
const TIME: u64 = 1_709_210_096;

/// The smallest volume with clusters of 512 bytes, rounded up.
const SMALL: u64 = 34 * 1024 * 1024;

fn time() -> Timestamp {
    Timestamp::from_unix(TIME)
}

fn options() -> FormatOptions<'static> {
    FormatOptions { volume_id: 0x1234_abcd, label: "ESP", hidden_sectors: 2048, cluster: None, time: time() }
}

/// An empty volume in memory.
fn empty(size: u64) -> SparseMemory {
    let mut device = SparseMemory::new(size);
    format(&mut device, &options()).unwrap();
    device
}

/// A volume with what a builder puts on an ESP.
fn esp(size: u64) -> SparseMemory {
    let mut writer = Writer::open(empty(size)).unwrap();
    for directory in ["EFI", "EFI/BOOT", "EFI/Linux", "loader"] {
        writer.mkdir(directory, time()).unwrap();
    }
    writer.write_file("EFI/BOOT/BOOTX64.EFI", &vec![0x90; 100_000], time()).unwrap();
    writer.write_file("loader/loader.conf", b"timeout 0\neditor no\n", time()).unwrap();
    let boot: Vec<u8> = (0..3_000_000u32).map(|n| (n / 7) as u8).collect();
    writer.write_file("EFI/Linux/corten_0.1.0_deadbeef+3.efi", &boot, time()).unwrap();
    writer.write_file("EFI/Linux/leer.txt", b"", time()).unwrap();
    writer.finish().unwrap()
}

/// All bytes of a device.
fn bytes(device: &impl BlockDevice) -> Vec<u8> {
    let mut all = vec![0; device.size() as usize];
    device.read_at(0, &mut all).unwrap();
    all
}
