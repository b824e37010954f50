//! Partition tables: sgdisk, sfdisk, the gptman crate, damaged copies, and random bytes.

use std::io;

use corten_formats::gpt::{
    self, Area, CopyError, Found, Guid, LayoutError, Partition, ReadError, SectorSize, Table, TableError,
    Wish, types,
};
use proptest::prelude::*;

use crate::tool;

const MIB: u64 = 1 << 20;
const DISK: Guid = Guid::new(0x0f0e0d0c_0b0a_4908_8706_050403020100);

fn wish(kind: Guid, label: &str, size: u64) -> Wish {
    let guid = Guid::from_bytes(std::array::from_fn(|n| label.as_bytes().get(n).copied().unwrap_or(n as u8)));
    let attributes = if kind == types::ESP { 0 } else { types::ATTRIBUTE_READ_ONLY };
    Wish { kind, guid, label: label.into(), attributes, size, content: 0 }
}

fn wishes() -> Vec<Wish> {
    vec![
        wish(types::ESP, "esp", 8 * MIB),
        wish(types::ROOT_X86_64, "root-äöü-1.0.7", 4 * MIB + 1),
        wish(types::ROOT_X86_64_VERITY, "verity-1.0.7", MIB),
    ]
}

fn sample(sector: SectorSize) -> Table {
    gpt::layout(sector, DISK, &wishes()).expect("it is small")
}

/// The whole disk with the table on it.
fn disk(table: &Table) -> Vec<u8> {
    let mut disk = vec![0; (table.disk_sectors * table.sector.bytes()) as usize];
    for area in table.areas().expect("it is valid").all() {
        put(&mut disk, &area);
    }
    disk
}

fn put(disk: &mut [u8], area: &Area) {
    disk[area.offset as usize..][..area.bytes.len()].copy_from_slice(&area.bytes);
}

fn read(sector: SectorSize, disk: &[u8]) -> Result<Found, ReadError> {
    gpt::read(sector, disk.len() as u64, |offset, buffer| {
        let end = offset as usize + buffer.len();
        let bytes = disk.get(offset as usize..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    })
}

const SECTORS: [SectorSize; 2] = [SectorSize::S512, SectorSize::S4096];

#[test]
fn partitions_are_laid_out_in_their_order_at_whole_mebibytes() {
    insta::assert_snapshot!(SECTORS.map(|sector| gpt::dump(&sample(sector))).join("\n"));
    assert_eq!(sample(SectorSize::S512).bytes(2), Some(9 * MIB..14 * MIB));
    assert_eq!(sample(SectorSize::S4096).bytes(2), Some(9 * MIB..14 * MIB));
    assert_eq!(sample(SectorSize::S512).bytes(4), None);
}

#[test]
fn wishes_that_cannot_be_fulfilled_are_named() {
    let layout =
        |wishes: &[Wish]| gpt::layout(SectorSize::S512, DISK, wishes).expect_err("it can't be").to_string();
    let full = Wish { content: 2 * MIB, ..wish(types::VAR, "full", MIB) };
    let twice = [wish(types::VAR, "same", MIB), wish(types::VAR, "same", MIB)];
    let long = wish(types::VAR, "a label of more than thirty-six characters", MIB);
    let huge = [wish(types::VAR, "first", u64::MAX / 2), wish(types::VAR, "second", u64::MAX / 2)];
    let errors = [layout(&[full]), layout(&twice), layout(&[long]), layout(&huge)];
    insta::assert_snapshot!(errors.join("\n"));
    let empty = gpt::layout(SectorSize::S512, DISK, &[wish(types::VAR, "none", 0)]);
    assert_eq!(empty, Err(LayoutError::Empty("none".into())));
}

#[test]
fn sgdisk_sfdisk_and_fdisk_have_no_complaint() {
    let folder = tempfile::tempdir().expect("a folder");
    for table in [sample(SectorSize::S512), sample(SectorSize::S512).with_array_moved()] {
        let path = tool::file(&folder, "disk", &disk(&table));
        let Some(mut verify) = tool::find("sgdisk") else { return };
        let text = tool::run(verify.arg("-v").arg(&path));
        assert!(text.contains("No problems found"), "{text}");
        let mut print = tool::find("sgdisk").expect("it was there");
        let text = tool::run(print.args(["-p", "-i", "2"]).arg(&path));
        for line in ["root-äöü-1.0.7", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "1000000000000000"] {
            assert!(text.contains(line), "{text} lacks {line}");
        }
        assert!(text.contains(&DISK.to_string().to_uppercase()), "{text}");

        let Some(mut verify) = tool::find("sfdisk") else { return };
        let text = tool::run(verify.arg("--verify").arg(&path));
        assert!(text.contains("No errors detected"), "{text}");
    }
    let path = tool::file(&folder, "disk", &disk(&sample(SectorSize::S4096)));
    let Some(mut list) = tool::find("fdisk") else { return };
    let text = tool::run(list.args(["--sector-size", "4096", "-o", "Start,End,Type,Name", "-l"]).arg(&path));
    let rows: Vec<_> =
        text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for row in ["256 2303 EFI System esp", "3584 3839 Linux root verity (x86-64) verity-1.0.7"] {
        assert!(rows.iter().any(|found| found == row), "{text} lacks {row}");
    }
    assert!(!text.contains("corrupt"), "{text}");
}

#[test]
fn gptman_reads_what_we_write() {
    for sector in SECTORS {
        let table = sample(sector);
        let theirs =
            gptman::GPT::read_from(&mut io::Cursor::new(disk(&table)), sector.bytes()).expect("it reads");
        assert_eq!(theirs.header.disk_guid, DISK.to_disk());
        for (number, entry) in theirs.iter().filter(|(_, entry)| entry.is_used()) {
            let ours = &table.partitions[&number];
            assert_eq!((entry.starting_lba, entry.ending_lba), (ours.first, ours.last));
            assert_eq!(entry.partition_name.as_str(), ours.label);
            assert_eq!(Guid::from_disk(entry.unique_partition_guid), ours.guid);
        }
        assert_eq!(theirs.iter().filter(|(_, entry)| entry.is_used()).count(), table.partitions.len());
    }
}

#[test]
fn each_damaged_copy_is_told_and_the_other_one_used() {
    let table = sample(SectorSize::S512);
    let areas = table.areas().expect("it is valid");
    let damaged = |area: &Area, at: usize| {
        let mut disk = disk(&table);
        disk[area.offset as usize + at] ^= 1;
        let found = read(SectorSize::S512, &disk).expect("one copy is good");
        assert_eq!(found.table, table);
        let shown = |why: Option<CopyError>| why.map_or("good".into(), |why| why.to_string());
        format!("primary: {}, backup: {}", shown(found.primary), shown(found.backup))
    };
    let cases = [
        damaged(&areas.mbr, 0),
        damaged(&areas.header, 0),
        damaged(&areas.header, 8),
        damaged(&areas.header, 50),
        damaged(&areas.entries, 16_000),
        damaged(&areas.backup_header, 91),
        damaged(&areas.backup_entries, 0),
    ];
    insta::assert_snapshot!(cases.join("\n"));
    let error = read(SectorSize::S512, &[0; 4096]).expect_err("no table");
    insta::assert_snapshot!(error);
}

#[test]
fn on_a_grown_disk_a_damaged_header_still_tells_where_the_backup_is() {
    let table = sample(SectorSize::S512);
    let mut grown = disk(&table);
    grown.resize(grown.len() + 4 * MIB as usize, 0);
    // A bit of the GUID of the disk, so that the checksum is wrong.
    grown[512 + 60] ^= 1;
    let found = read(SectorSize::S512, &grown).expect("the backup is good");
    assert_eq!(found.table, table);
    assert!(matches!(found.primary, Some(CopyError::HeaderCrc)) && found.backup.is_none());
    grown[512..1024].fill(0);
    assert!(read(SectorSize::S512, &grown).is_err());
}

#[test]
fn a_disk_that_became_smaller_is_told_so() {
    let table = sample(SectorSize::S512);
    let whole = disk(&table);
    let error = read(SectorSize::S512, &whole[..whole.len() - 512]).expect_err("the disk is too small");
    insta::assert_snapshot!(error, @"no partition table: primary copy: it is for a disk of 32768 sectors, but this one has 32767; backup: the signature is missing");
}

/// Adds a partition on a grown disk in the order that [`gpt::Areas`] tells, and stops everywhere.
#[test]
fn a_rewrite_stopped_anywhere_leaves_the_old_table_or_the_new_one() {
    let old = sample(SectorSize::S512);
    let mut grown = disk(&old);
    grown.resize(grown.len() + 4 * MIB as usize, 0);
    let mut new = read(SectorSize::S512, &grown).expect("it reads").table.with_array_moved();
    assert_eq!(new.disk_sectors, old.disk_sectors);
    new.disk_sectors = grown.len() as u64 / 512;
    let state = wish(types::VAR, "state", MIB);
    let last = new.usable().end - 1;
    let first = old.partitions[&3].last + 1;
    let Wish { kind, guid, label, attributes, .. } = state;
    new.partitions.insert(4, Partition { kind, guid, label, attributes, first, last });

    let areas = new.areas().expect("it is valid");
    let order = [&areas.entries, &areas.backup_entries, &areas.backup_header, &areas.header];
    let writes = order.iter().flat_map(|area| {
        area.bytes.chunks(512).enumerate().map(|(n, sector)| (area.offset as usize + n * 512, sector))
    });
    let writes: Vec<_> = writes.collect();
    let header = writes.len() - 1;
    for (n, (offset, sector)) in writes.into_iter().enumerate() {
        assert_eq!(read(SectorSize::S512, &grown).expect("it reads").table, old, "before write {n}");
        // A sector that the power cut tore: neither the old bytes nor the new ones.
        let before = grown[offset..offset + 512].to_vec();
        grown[offset..offset + 256].fill(0xa5);
        let torn = read(SectorSize::S512, &grown).expect("it reads").table;
        let expected = if n == header { Table { entries_lba: 2, ..new.clone() } } else { old.clone() };
        assert_eq!(torn, expected, "torn write {n}");
        grown[offset..offset + 512].copy_from_slice(&before);
        grown[offset..offset + 512].copy_from_slice(sector);
    }
    let found = read(SectorSize::S512, &grown).expect("it reads");
    assert_eq!(found.table, new);
    assert!(found.primary.is_none() && found.backup.is_none());
    assert_eq!(new.with_array_moved().entries_lba, old.entries_lba);
}

#[test]
fn tables_that_are_not_valid_are_not_written() {
    let broken = |change: fn(&mut Table)| {
        let mut table = sample(SectorSize::S512);
        change(&mut table);
        table.areas().expect_err("it is not valid")
    };
    assert_eq!(broken(|table| table.entries_lba = 1), TableError::Entries(1));
    assert_eq!(broken(|table| table.entries_lba = 2040), TableError::Entries(2040));
    assert_eq!(broken(|table| table.entries_lba = u64::MAX), TableError::Entries(u64::MAX));
    assert!(matches!(broken(|table| table.disk_sectors = 33), TableError::Disk { .. }));
    assert!(matches!(broken(|table| table.disk_sectors = 20_000), TableError::Outside { number: 2, .. }));
    let overlap = |table: &mut Table| table.partitions.get_mut(&3).expect("it exists").first -= 1;
    assert_eq!(broken(overlap), TableError::Overlap(2, 3));
}

fn any_table() -> impl Strategy<Value = Table> {
    let partition = (any::<u128>(), "\\PC{0,12}", any::<u64>(), 1..50 * MIB);
    (prop::collection::vec(partition, 0..20), any::<bool>(), any::<bool>()).prop_filter_map(
        "valid",
        |parts| {
            let (parts, small, moved) = parts;
            let wishes = (1..).zip(parts).map(|(n, (guid, label, attributes, size))| {
                let label: String = label.chars().filter(|c| *c != '\0').collect();
                let kind = if n % 2 == 0 { types::VAR } else { types::ESP };
                Wish { kind, guid: Guid::new(guid), label, attributes, size, content: size }
            });
            let sector = SECTORS[usize::from(small)];
            let table = gpt::layout(sector, DISK, &wishes.collect::<Vec<_>>()).ok()?;
            Some(if moved { table.with_array_moved() } else { table })
        },
    )
}

/// Reads a disk of which only the areas of the table hold something.
fn read_sparse(table: &Table, areas: &[Area]) -> Result<Found, ReadError> {
    gpt::read(table.sector, table.disk_sectors * table.sector.bytes(), |offset, buffer| {
        buffer.fill(0);
        if let Some(area) = areas.iter().find(|area| area.offset == offset) {
            let len = buffer.len().min(area.bytes.len());
            buffer[..len].copy_from_slice(&area.bytes[..len]);
        }
        Ok(())
    })
}

proptest! {
    #[test]
    fn tables_read_back(table in any_table()) {
        let areas = table.areas().expect("it is valid").all();
        let found = read_sparse(&table, &areas).expect("it reads");
        prop_assert_eq!(&found.table, &table);
        prop_assert!(found.primary.is_none() && found.backup.is_none());
    }

    #[test]
    fn random_bytes_never_panic_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        for sector in SECTORS {
            let _ = read(sector, &bytes);
        }
    }

    /// With the checksums made right again, so that the checks behind them are reached.
    #[test]
    fn damage_with_right_checksums_never_panics_the_reader(
        at in 8_usize..92, bytes in prop::collection::vec(any::<u8>(), 1..8), entry in 0_usize..512, value in any::<u8>(),
    ) {
        let table = sample(SectorSize::S512);
        let mut areas = table.areas().expect("it is valid");
        areas.entries.bytes[entry] = value;
        let header = &mut areas.header.bytes;
        header[88..92].copy_from_slice(&crc32fast::hash(&areas.entries.bytes).to_le_bytes());
        let end = (at + bytes.len()).min(92);
        header[at..end].copy_from_slice(&bytes[..end - at]);
        header[16..20].fill(0);
        let crc = crc32fast::hash(&header[..92]);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        let found = read_sparse(&table, &areas.all()).expect("the backup is good");
        let _ = gpt::dump(&found.table);
        for number in found.table.partitions.keys() {
            let end = found.table.bytes(*number).map(|range| range.end);
            prop_assert!(end.is_some_and(|end| end <= table.disk_sectors * 512));
        }
    }
}
