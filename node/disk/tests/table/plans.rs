//! What is planned: on any disk only what the rules allow, on some the very table, and the text of each refusal.

use corten_disk::table::{Change, MIN_STATE, Plan, Refusal, STATE_LABEL, WriteError, find, plan, rewrite};
use corten_formats::device::BlockDevice as _;
use corten_formats::gpt::{Array, CopyError, Found, Guid, Partition, SectorSize, Table, dump, types};
use proptest::prelude::*;

use crate::disks::{DISK, FRESH, MIB, SECTORS, SLOT, disk, grown, image};

/// A type that Corten does not know.
const FOREIGN: Guid = Guid::new(0xf0e1_6e00);

/// A table of which both copies are good.
fn whole(table: Table) -> Found {
    let sectors = table.entries_lba..table.entries_lba + table.sector.array_sectors();
    Found { table, array: Array { entry_bytes: 128, sectors }, primary: None, backup: None }
}

fn found(table: &Table) -> Found {
    let device = disk(table, table.disk_sectors * table.sector.bytes());
    let found = find(&device, table.sector).unwrap();
    assert!(found.table == *table && found.primary.is_none() && found.backup.is_none());
    found
}

/// The image on a disk of that many bytes, its table as the builder left it.
fn on_disk(sector: SectorSize, bytes: u64) -> Found {
    let device = grown(&disk(&image(sector), 27 * MIB), bytes);
    assert_eq!(device.size(), bytes);
    find(&device, sector).unwrap()
}

fn add(table: &mut Table, number: u32, label: &str, kind: Guid, sectors: std::ops::RangeInclusive<u64>) {
    let guid = Guid::new(0xadd_0000 + u128::from(number));
    let (label, first, last) = (label.into(), *sectors.start(), *sectors.end());
    table.partitions.insert(number, Partition { kind, guid, label, attributes: 5, first, last });
}

/// Disks with the image, partitions of others wherever they fit, and a state of others' making sometimes.
fn any_disk() -> impl Strategy<Value = (Found, u64)> {
    let foreign = prop::collection::vec((4..128_u32, 0..2048 * MIB, 1..300 * MIB, 0..12_u8), 0..6);
    (any::<bool>(), 26 * MIB..2048 * MIB, 0..300 * MIB, foreign).prop_map(|(small, size, more, foreign)| {
        let sector = SECTORS[usize::from(small)];
        let bytes = sector.bytes();
        let mut table = image(sector);
        table.disk_sectors = table.disk_sectors.max(size / bytes);
        for (number, first, length, kind) in foreign {
            let sectors = first / bytes..=(first + length) / bytes;
            let mut with = table.clone();
            match kind {
                0 => add(&mut with, number, STATE_LABEL, types::VAR, sectors),
                1 => add(&mut with, number, "root-b", types::ROOT_X86_64, sectors),
                2 => add(&mut with, number, "of others", types::ESP, sectors),
                _ => add(&mut with, number, "of others", FOREIGN, sectors),
            }
            if with.check().is_ok() {
                table = with;
            }
        }
        let disk = table.disk_sectors * bytes + more / bytes * bytes;
        (whole(table), disk)
    })
}

fn is_state(partition: &Partition) -> bool {
    partition.kind == types::VAR && partition.label == STATE_LABEL
}

fn length(partition: &Partition) -> u64 {
    partition.last - partition.first + 1
}

fn labelled<'a>(table: &'a Table, label: &str) -> Option<&'a Partition> {
    table.partitions.values().find(|partition| partition.label == label)
}

/// What was there is where it was, as large as it was, and the same but for two things.
fn keeps(before: &Table, after: &Table) {
    let esp = before.partitions.iter().find(|(_, partition)| partition.kind == types::ESP).map(|(n, _)| *n);
    for (number, old) in &before.partitions {
        let new = &after.partitions[number];
        let mut expected = old.clone();
        if is_state(old) {
            assert!(new.last >= old.last);
            expected.last = new.last;
        }
        if Some(*number) == esp && after.partitions.len() > before.partitions.len() {
            expected.guid = FRESH.esp;
        }
        assert_eq!(*new, expected, "partition {number}");
    }
}

/// What is new are whole mebibytes of free space, each with the right size and mark.
fn adds(before: &Table, wanted: &Plan) {
    let after = &wanted.table;
    let align = MIB / after.sector.bytes();
    for (number, new) in after.partitions.iter().filter(|(number, _)| !before.partitions.contains_key(number))
    {
        assert!(
            new.first.is_multiple_of(align) && (new.last + 1).is_multiple_of(align),
            "partition {number}"
        );
        assert!(new.first >= align);
        match new.label.as_str() {
            "root-b" => assert_eq!(length(new), length(&before.partitions[&2])),
            "root-b-verity" => assert_eq!(length(new), length(&before.partitions[&3])),
            STATE_LABEL => {
                assert!(length(new) * after.sector.bytes() >= MIN_STATE);
                assert_eq!(new.attributes & types::ATTRIBUTE_BEING_MADE, types::ATTRIBUTE_BEING_MADE);
            }
            label => panic!("partition {number} is {label:?}"),
        }
    }
    assert_eq!(after.partitions.values().filter(|partition| is_state(partition)).count(), 1);
    assert_eq!(labelled(after, "root-b-verity").is_none(), wanted.lacks.is_some());
}

proptest! {
    #[test]
    fn a_plan_adds_and_grows_and_leaves_alone_what_is_there((found, bytes) in any_disk()) {
        match plan(&found, bytes, SLOT, &FRESH) {
            Ok(wanted) => {
                prop_assert_eq!(wanted.table.check(), Ok(()));
                keeps(&found.table, &wanted.table);
                adds(&found.table, &wanted);
                prop_assert_eq!(wanted.table.disk_sectors * wanted.table.sector.bytes(), bytes);
                prop_assert_eq!(wanted.table.first_usable, found.table.first_usable);
                let same = wanted.changes.is_empty();
                prop_assert_eq!(wanted.table == found.table, same);
                let again = plan(&whole(wanted.table.clone()), bytes, SLOT, &FRESH).unwrap();
                prop_assert_eq!((again.changes, again.table, again.lacks), (vec![], wanted.table, wanted.lacks));
            }
            Err(Refusal::NoRoom { has, .. }) => prop_assert_eq!(has, bytes),
            Err(Refusal::TwoStates(..)) => {
                prop_assert!(found.table.partitions.values().filter(|partition| is_state(partition)).count() > 1);
            }
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        }
    }

    #[test]
    fn a_disk_of_the_size_that_a_refusal_names_is_the_smallest_that_will_do(small in any::<bool>(), size in 27..300_u64) {
        let sector = SECTORS[usize::from(small)];
        let Err(Refusal::NoRoom { needs, .. }) = plan(&on_disk(sector, size * MIB), size * MIB, SLOT, &FRESH) else {
            return Err(TestCaseError::fail(format!("{size} MiB are enough")));
        };
        prop_assert!(plan(&on_disk(sector, needs), needs, SLOT, &FRESH).is_ok());
        let less = needs - MIB;
        prop_assert!(plan(&on_disk(sector, less), less, SLOT, &FRESH).is_err());
    }
}

#[test]
fn on_first_boot_the_rest_of_the_disk_is_laid_out() {
    let wanted = plan(&on_disk(SectorSize::S512, DISK), DISK, SLOT, &FRESH).unwrap();
    insta::assert_snapshot!(dump(&wanted.table), @r#"
    disk 00000000-0000-0000-0000-00000000d15c
    1228800 sectors of 512 bytes
    entries at 2, usable 2048..1228767
    1 2048..=18431 esp 00000000-0000-0000-0000-0000000000e5 "esp" 0x1000000000000000
    2 18432..=51199 root-x86-64 726f6f74-2d61-0607-0809-0a0b0c0d0e0f "root-a" 0x1000000000000000
    3 51200..=53247 root-x86-64-verity 726f6f74-2d61-2d76-6572-6974790d0e0f "root-a-verity" 0x1000000000000000
    4 53248..=86015 root-x86-64 00000000-0000-0000-0000-000000002007 "root-b" 0x1000000000000000
    5 86016..=88063 root-x86-64-verity 00000000-0000-0000-0000-000000007e21 "root-b-verity" 0x1000000000000000
    6 88064..=1226751 var 00000000-0000-0000-0000-000000057a7e "state" 0x1000000000000
    "#);
    let changes: Vec<_> = wanted.changes.iter().map(Change::to_string).collect();
    insta::assert_snapshot!(changes.join("\n"), @r"
    the backup moves to the end of the disk
    root-b is added, 16 MiB
    root-b-verity is added, 1 MiB
    state is added, 556 MiB
    ");
}

#[test]
fn what_is_refused_is_told_with_what_is_needed() {
    let refusal = |bytes: u64, slot: &str, change: fn(&mut Table)| {
        let mut table = image(SectorSize::S512);
        table.disk_sectors = bytes / 512;
        change(&mut table);
        plan(&found(&table), bytes, slot, &FRESH).unwrap_err().to_string()
    };
    let two = |table: &mut Table| {
        add(table, 9, STATE_LABEL, types::VAR, 500_000..=599_999);
        add(table, 7, STATE_LABEL, types::VAR, 600_000..=699_999);
    };
    let full = |table: &mut Table| {
        for number in 4..=127 {
            let first = 600_000 + u64::from(number) * 10;
            add(table, number, "of others", FOREIGN, first..=first + 9);
        }
    };
    let between = |table: &mut Table| add(table, 4, "of others", FOREIGN, 500_000..=900_000);
    let refusals = [
        refusal(64 * MIB, SLOT, |_| ()),
        refusal(28 * MIB, SLOT, |_| ()),
        refusal(DISK, SLOT, between),
        refusal(DISK, SLOT, two),
        refusal(DISK, "root-c", |_| ()),
        refusal(DISK, SLOT, full),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    state needs 256 MiB in one piece, and the largest free piece has 20 MiB; the disk has 67108864 bytes, and with nothing else on it 314572800 would do
    root-b needs 16 MiB in one piece, and the largest free piece has 1 MiB; the disk has 29360128 bytes, and with nothing else on it 314572800 would do
    state needs 256 MiB in one piece, and the largest free piece has 201 MiB; the disk has 629145600 bytes, and with nothing else on it 314572800 would do
    partitions 7 and 9 are both labelled "state"
    the table has no partition "root-c" with its root-c-verity, though the system runs from it
    the table has no free entry
    "#);
}

#[test]
fn a_state_counts_for_more_than_a_second_slot() {
    let mut table = image(SectorSize::S512);
    table.disk_sectors = DISK / 512;
    let last = table.usable().end - 1;
    add(&mut table, 4, STATE_LABEL, types::VAR, 26 * 2048..=last);
    let wanted = plan(&found(&table), DISK, SLOT, &FRESH).unwrap();
    assert_eq!((wanted.table, wanted.changes), (table, vec![]));
    insta::assert_snapshot!(wanted.lacks.unwrap(), @"root-b-verity needs 1 MiB in one piece, and the largest free piece has 0 MiB");
}

#[test]
fn an_array_that_a_rewrite_would_damage_is_left_alone() {
    let broken = |change: fn(&mut Found)| {
        let mut found = on_disk(SectorSize::S512, DISK);
        let table = plan(&found, DISK, SLOT, &FRESH).unwrap().table;
        change(&mut found);
        let refusal = plan(&found, DISK, SLOT, &FRESH).unwrap_err();
        let mut device = disk(&image(SectorSize::S512), 27 * MIB);
        let before = device.clone();
        let error = rewrite(&mut device, &found, &table).unwrap_err();
        assert!(matches!(error, WriteError::Foreign(_)) && device == before, "{error}");
        refusal.to_string()
    };
    let refusals = [
        broken(|found| found.array = Array { entry_bytes: 256, sectors: 2..66 }),
        broken(|found| {
            found.table.entries_lba = 20;
            found.array.sectors = 20..52;
        }),
        broken(|found| found.primary = Some(CopyError::Bounds("the number of entries", 256))),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r"
    the entries of the table have 256 bytes, and only those of 128 can be rewritten
    the entry array at sectors 20..52 lies where the new one would be written, 34..66
    the primary copy is whole, but not of a form that can be rewritten: the number of entries is 256
    ");
}
