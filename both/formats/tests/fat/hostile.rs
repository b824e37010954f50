//! Volumes that somebody damaged on purpose: every operation ends, with an error or not, and none panics.

use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::fat::{FatError, Severity, Volume, Writer};
use proptest::prelude::*;

use crate::{model::tiny, time};

const CLUSTERS: u32 = 200;
/// Reserved sectors and tables of a tiny volume: 37 sectors and twice 537 of them, see `SMALL`.
const TABLE: u64 = 32 * 512;

/// A small volume with files and directories.
fn volume() -> SparseMemory {
    let mut writer = Writer::open(tiny(CLUSTERS)).unwrap();
    for folder in ["EFI", "EFI/Linux", "EFI/BOOT"] {
        writer.mkdir(folder, time()).unwrap();
    }
    for number in 0..6 {
        writer.write_file(&format!("EFI/Linux/corten_{number}.efi"), &vec![number; 2000], time()).unwrap();
    }
    writer.finish().unwrap()
}

/// Does everything there is to do.
fn exercise(device: SparseMemory) {
    let Ok(volume) = Volume::open(device) else { return };
    let _ = (volume.check(), volume.dump(), volume.free_bytes());
    for path in ["", "EFI", "EFI/Linux", "EFI/Linux/corten_3.efi"] {
        let _ = (volume.list(path), volume.read_file(path), volume.entry(path));
    }
    let Ok(mut writer) = Writer::open(volume.into_device()) else { return };
    let _ = writer.write_file("EFI/Linux/new", &[1; 3000], time());
    let _ = writer.rename("EFI/Linux/corten_3.efi", &"long".repeat(30));
    let _ = writer.remove("EFI/Linux/corten_1.efi");
    let _ = writer.mkdir("EFI/x", time());
    let _ = writer.remove("EFI/BOOT");
    let _ = writer.finish();
}

/// Where the data area of the volume begins.
fn data(device: &SparseMemory) -> u64 {
    let mut boot = [0; 512];
    device.read_at(0, &mut boot).unwrap();
    let table = u32::from_le_bytes([boot[36], boot[37], boot[38], boot[39]]);
    512 * (u64::from(u16::from_le_bytes([boot[14], boot[15]])) + 2 * u64::from(table))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_damage_makes_it_hang_or_panic(
        changes in prop::collection::vec((0..4u8, 0..8192u64, any::<u8>()), 1..12),
    ) {
        let mut device = volume();
        let data = data(&device);
        for (area, at, value) in changes {
            let offset = match area {
                0 => at % 90,
                1 => 512 + at % 512,
                2 => TABLE + at % (u64::from(CLUSTERS) * 4),
                _ => data + at,
            };
            device.write_at(offset, &[value]).unwrap();
        }
        exercise(device);
    }

    #[test]
    fn no_table_makes_it_hang_or_panic(
        entries in prop::collection::vec((2..40u64, prop_oneof![0..45u32, 0x0fff_fff0..=0x0fff_ffffu32]), 1..30),
    ) {
        let mut device = volume();
        let mut boot = [0; 512];
        device.read_at(0, &mut boot).unwrap();
        let first = 512 * u64::from(u16::from_le_bytes([boot[14], boot[15]]));
        for (cluster, value) in entries {
            device.write_at(first + 4 * cluster, &value.to_le_bytes()).unwrap();
        }
        exercise(device);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut device = SparseMemory::new(1024 * 1024);
        device.write_at(0, &bytes).unwrap();
        device.write_at(510, &[0x55, 0xaa]).unwrap();
        exercise(device);
    }
}

#[test]
fn a_damaged_volume_is_read_but_not_written() {
    let mut device = volume();
    let mut boot = [0; 512];
    device.read_at(0, &mut boot).unwrap();
    let first = 512 * u64::from(u16::from_le_bytes([boot[14], boot[15]]));
    let dump = Volume::open(device.clone()).unwrap().dump().unwrap();
    let file = dump.lines().find(|line| line.contains("corten_1.efi")).unwrap();
    let cluster: u64 = file.split_once("clusters [").unwrap().1.split('-').next().unwrap().parse().unwrap();
    // The second cluster of one file becomes the start of another.
    device.write_at(first + 4 * cluster, &(cluster as u32 + 4).to_le_bytes()).unwrap();
    let volume = Volume::open(device.clone()).unwrap();
    assert_eq!(volume.read_file("EFI/Linux/corten_2.efi").unwrap(), vec![2; 2000]);
    let report = volume.check().unwrap();
    assert_eq!(report.worst().unwrap().severity(), Severity::Damage);
    let Err(error) = Writer::open(device) else { panic!("it was opened") };
    assert!(matches!(error, FatError::Damaged(_)));
    insta::assert_snapshot!(
        error,
        @r#"the volume is damaged: cluster 14 of "/EFI/Linux/corten_2.efi" belongs to something else as well"#
    );
}

#[test]
fn directories_that_hold_themselves_are_looked_at_once() {
    let mut device = volume();
    let folder = data(&device) + 512;
    let mut entries = [0; 512];
    device.read_at(folder, &mut entries).unwrap();
    assert_eq!(&entries[96..101], b"LINUX");
    // The first cluster of every entry behind "." and ".." becomes that of the directory itself.
    for slot in (2..16).filter(|slot| entries[slot * 32] != 0) {
        device.write_at(folder + slot as u64 * 32 + 26, &entries[26..28]).unwrap();
    }
    let volume = Volume::open(device).unwrap();
    assert!(volume.check().unwrap().worst().is_some_and(|worst| worst.severity() == Severity::Damage));
    assert!(volume.dump().is_err());
    assert!(!volume.list("EFI/LINUX/LINUX/LINUX").unwrap().is_empty());
}
