//! Writes a table as the areas of the disk that it is made of.

use zerocopy::IntoBytes;
use zerocopy::little_endian::U16;

use super::format::{
    ENTRIES, ENTRY, HEADER, HEADER_LBA, LABEL, REVISION, RawEntry, RawHeader, SIGNATURE, header_crc,
};
use super::guid::Guid;
use super::table::{Partition, Table, TableError};

/// Bytes of a disk and where they lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Offset in bytes.
    pub offset: u64,
    /// Whole sectors.
    pub bytes: Vec<u8>,
}

/// The parts of a table. On a new disk their order does not matter. A table in force is replaced in this order:
/// `entries` (at another place than those in force, see [`Table::with_array_moved`]), `backup_entries`,
/// `backup_header`, flush, `header`, flush; `mbr` at any time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Areas {
    /// Protective MBR, sector 0.
    pub mbr: Area,
    /// Header, sector 1.
    pub header: Area,
    /// Entry array.
    pub entries: Area,
    /// Backup of the entry array, right before the last sector.
    pub backup_entries: Area,
    /// Backup of the header, the last sector.
    pub backup_header: Area,
}

impl Areas {
    /// All areas, in the order of their offsets.
    pub fn all(self) -> [Area; 5] {
        [self.mbr, self.header, self.entries, self.backup_entries, self.backup_header]
    }
}

impl Table {
    /// The bytes of the table, if it is valid.
    pub fn areas(&self) -> Result<Areas, TableError> {
        self.check()?;
        let sector = self.sector.bytes();
        let last = self.disk_sectors - 1;
        let backup_lba = last - self.sector.array_sectors();
        let mut array = vec![0; ENTRIES as usize * ENTRY];
        for (number, partition) in &self.partitions {
            let start = (*number as usize - 1) * ENTRY;
            array[start..start + ENTRY].copy_from_slice(entry(partition).as_bytes());
        }
        let crc = crc32fast::hash(&array);
        let area = |lba: u64, bytes| Area { offset: lba * sector, bytes };
        Ok(Areas {
            mbr: area(0, self.protective_mbr()),
            header: area(HEADER_LBA, self.header(HEADER_LBA, last, self.entries_lba, crc)),
            entries: area(self.entries_lba, array.clone()),
            backup_entries: area(backup_lba, array),
            backup_header: area(last, self.header(last, HEADER_LBA, backup_lba, crc)),
        })
    }

    fn header(&self, my_lba: u64, alternate_lba: u64, entries_lba: u64, entries_crc: u32) -> Vec<u8> {
        let usable = self.usable();
        let mut raw = RawHeader {
            signature: SIGNATURE,
            revision: REVISION.into(),
            size: (HEADER as u32).into(),
            crc: 0.into(),
            reserved: 0.into(),
            my_lba: my_lba.into(),
            alternate_lba: alternate_lba.into(),
            first_usable: usable.start.into(),
            last_usable: (usable.end - 1).into(),
            disk_guid: self.disk_guid.to_disk(),
            entries_lba: entries_lba.into(),
            entries: ENTRIES.into(),
            entry_size: (ENTRY as u32).into(),
            entries_crc: entries_crc.into(),
        };
        raw.crc = header_crc(raw.as_bytes()).into();
        let mut bytes = raw.as_bytes().to_vec();
        bytes.resize(self.sector.bytes() as usize, 0);
        bytes
    }

    /// One partition of type 0xEE over the whole disk, so that tools that don't know GPT keep off it.
    fn protective_mbr(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.sector.bytes() as usize];
        let sectors = u32::try_from(self.disk_sectors - 1).unwrap_or(u32::MAX);
        let entry = &mut bytes[446..462];
        // Start 0/0/2 and end out of range, in cylinders, heads and sectors.
        entry[..8].copy_from_slice(&[0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
        entry[8..12].copy_from_slice(&1_u32.to_le_bytes());
        entry[12..].copy_from_slice(&sectors.to_le_bytes());
        bytes[510..512].copy_from_slice(&[0x55, 0xaa]);
        bytes
    }
}

fn entry(partition: &Partition) -> RawEntry {
    let Partition { kind, guid, label, attributes, first, last } = partition;
    let mut units = [U16::new(0); LABEL];
    for (unit, value) in units.iter_mut().zip(label.encode_utf16()) {
        unit.set(value);
    }
    RawEntry {
        kind: Guid::to_disk(*kind),
        guid: guid.to_disk(),
        first: (*first).into(),
        last: (*last).into(),
        attributes: (*attributes).into(),
        label: units,
    }
}
