//! Where things lie on a volume, and what can't be formatted or named.

use corten_formats::device::SparseMemory;
use corten_formats::fat::{FatError, FormatOptions, Timestamp, Volume, Writer, format};

use crate::{empty, esp, options, time};

const ESP: u64 = 512 * 1024 * 1024;

#[test]
fn the_volume_of_a_builder_is_laid_out_like_this() {
    let volume = Volume::open(esp(ESP)).unwrap();
    assert_eq!(volume.check().unwrap().findings, []);
    insta::assert_snapshot!(volume.dump().unwrap());
}

#[test]
fn an_empty_esp_takes_little_memory_and_its_extents_hold_all_of_it() {
    let device = empty(ESP);
    let extents = device.clone().into_extents().unwrap();
    assert_eq!(extents.size(), ESP);
    assert!(extents.data_len() <= 16 * 4096, "{}", extents.data_len());
    let mut sector = [0; 512];
    extents.read(0, &mut sector);
    assert_eq!(sector[510..], [0x55, 0xaa]);
}

#[test]
fn volumes_that_firmware_would_not_read_are_refused() {
    let refused = |size: u64, cluster: Option<u32>, label| {
        let options = FormatOptions { cluster, label, ..options() };
        format(&mut SparseMemory::new(size), &options).unwrap_err().to_string()
    };
    insta::assert_snapshot!([
        refused(32 * 1024 * 1024, None, "ESP"),
        refused(ESP, Some(16_384), "ESP"),
        refused(ESP, Some(5000), "ESP"),
        refused(1 << 42, None, "ESP"),
        refused(ESP, None, "lower"),
    ]
    .join("\n"), @r#"
    can't format: 33554432 bytes give 64472 clusters, and firmware takes a volume with fewer than 65525 for FAT16
    can't format: 536870912 bytes give 32750 clusters, and firmware takes a volume with fewer than 65525 for FAT16
    can't format: clusters of 5000 bytes, expected a power of two from 512 to 65536
    can't format: 4398046511104 bytes are more than FAT32 can have
    "lower" is not a volume label: expected 1 to 11 characters A-Z, 0-9, space, _ or -
    "#);
}

#[test]
fn names_that_fat_cannot_store_are_refused() {
    let mut writer = Writer::open(empty(crate::SMALL)).unwrap();
    let mut refused = |name: &str| writer.write_file(name, b"", time()).unwrap_err().to_string();
    insta::assert_snapshot!([
        refused("a:b"),
        refused("end."),
        refused("end "),
        refused(".."),
        refused("smile \u{1f600}"),
        refused("no/where"),
        refused("/"),
    ]
    .join("\n"), @r#"
    "a:b" holds ':', which a FAT name can't
    "end." ends with a dot or a space, which a FAT name can't
    "end " ends with a dot or a space, which a FAT name can't
    ".." is not a file name
    "smile 😀" holds '😀', which a FAT name can't
    "no" does not exist
    "/" exists already
    "#);
    assert!(
        refused(&"n".repeat(196))
            .ends_with("has more than 195 characters, which is what one sector of a directory can hold")
    );
    writer.write_file(&"n".repeat(195), b"longest", time()).unwrap();
    assert_eq!(writer.volume().read_file(&"N".repeat(195)).unwrap(), b"longest");
}

#[test]
fn an_entry_never_crosses_a_sector() {
    let mut writer = Writer::open(empty(crate::SMALL)).unwrap();
    for number in 0..200 {
        let name = format!("{}{number}", "x".repeat(number % 190 + 1));
        writer.write_file(&name, &[], time()).unwrap();
    }
    let dump = writer.volume().dump().unwrap();
    let slots = dump.lines().filter_map(|line| line.split_once(") slots ")?.1.split_once(','));
    let slots: Vec<(usize, usize)> = slots
        .map(|(range, _)| range.split_once('-').unwrap())
        .map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()))
        .collect();
    assert_eq!(slots.len(), 200);
    assert!(slots.iter().all(|(first, last)| first / 16 == last / 16), "{slots:?}");
    assert_eq!(writer.volume().check().unwrap().findings, []);
}

#[test]
fn short_names_are_unique_and_found_as_well() {
    let mut writer = Writer::open(empty(crate::SMALL)).unwrap();
    for name in [
        "corten_1.efi",
        "corten_20.efi",
        "corten_21.efi",
        "UPPER.TXT",
        "lower.txt",
        ".hidden",
        "a b.c",
        "ärger.txt",
        "x+y.z",
    ] {
        writer.write_file(name, name.as_bytes(), time()).unwrap();
    }
    let entries = writer.volume().list("").unwrap();
    let names: Vec<String> = entries.iter().map(|e| format!("{} {}", e.short_name, e.name)).collect();
    insta::assert_snapshot!(names.join("\n"), @r"
    CORTEN_1.EFI corten_1.efi
    CORTEN~1.EFI corten_20.efi
    CORTEN~2.EFI corten_21.efi
    UPPER.TXT UPPER.TXT
    LOWER.TXT lower.txt
    HIDDEN~1 .hidden
    AB~1.C a b.c
    _RGER~1.TXT ärger.txt
    X_Y~1.Z x+y.z
    ");
    for entry in entries {
        assert_eq!(writer.volume().read_file(&entry.short_name).unwrap(), entry.name.as_bytes());
    }
    assert!(matches!(writer.write_file("CORTEN~1.EFI", b"", time()), Err(FatError::Exists(_))));
    assert!(matches!(writer.write_file("Lower.TXT", b"", time()), Err(FatError::Exists(_))));
}

#[test]
fn times_are_those_of_the_calendar() {
    let fields = |seconds| Timestamp::from_unix(seconds).fields();
    assert_eq!(fields(crate::TIME), [2024, 2, 29, 12, 34, 56]);
    assert_eq!(fields(0), [1980, 1, 1, 0, 0, 0]);
    assert_eq!(fields(951_868_799), [2000, 2, 29, 23, 59, 58]);
    assert_eq!(fields(u64::MAX), [2107, 12, 31, 23, 59, 58]);
}
