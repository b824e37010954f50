//! Disks as the builder makes them, with and without partitions of others.

use corten_disk::table::Fresh;
use corten_formats::device::{BlockDevice as _, SparseMemory};
use corten_formats::gpt::{Area, Guid, SectorSize, Table, Wish, layout, types};

pub const MIB: u64 = 1 << 20;
pub const SLOT: &str = "root-a";
pub const SECTORS: [SectorSize; 2] = [SectorSize::S512, SectorSize::S4096];
/// Room for two slots of the sample and a state.
pub const DISK: u64 = 600 * MIB;

/// Boot code of others in the first 440 bytes of a disk.
pub const BOOT_CODE: [u8; 440] = [0xb7; 440];

pub const FRESH: Fresh = Fresh {
    disk: Guid::new(0xd15c),
    esp: Guid::new(0xe5),
    root: Guid::new(0x2007),
    verity: Guid::new(0x7e21),
    state: Guid::new(0x57a7e),
};

pub fn wish(kind: Guid, label: &str, size: u64) -> Wish {
    let guid = Guid::from_bytes(std::array::from_fn(|n| label.as_bytes().get(n).copied().unwrap_or(n as u8)));
    Wish { kind, guid, label: label.into(), attributes: types::ATTRIBUTE_READ_ONLY, size, content: 0 }
}

/// The table of an image: one slot and nothing behind it.
pub fn image(sector: SectorSize) -> Table {
    let wishes = [
        wish(types::ESP, "esp", 8 * MIB),
        wish(types::ROOT_X86_64, SLOT, 16 * MIB),
        wish(types::ROOT_X86_64_VERITY, "root-a-verity", MIB),
    ];
    layout(sector, Guid::new(0x1111), &wishes).unwrap()
}

/// A disk of that many bytes to which a table was written.
pub fn disk(table: &Table, bytes: u64) -> SparseMemory {
    let mut device = SparseMemory::new(bytes);
    for Area { offset, bytes } in table.areas().unwrap().all() {
        device.write_at(offset, &bytes).unwrap();
    }
    device.write_at(0, &BOOT_CODE).unwrap();
    device
}

/// The same disk with another size.
pub fn grown(device: &SparseMemory, bytes: u64) -> SparseMemory {
    let mut larger = SparseMemory::new(bytes);
    for (offset, data) in device.clone().into_extents().unwrap().parts() {
        larger.write_at(offset, data).unwrap();
    }
    larger
}
