//! Other implementations read what we write, and we read what they write: dosfstools, mtools, the fatfs crate.

use std::io::{Cursor, Read};

use corten_formats::device::FileDevice;
use corten_formats::fat::{Finding, Volume, Writer};

use crate::{bytes, empty, esp, time, tool};

const ESP: u64 = 64 * 1024 * 1024;

#[test]
fn fsck_has_no_complaint() {
    let Some(mut fsck) = tool::find("fsck.vfat") else { return };
    let folder = tempfile::tempdir().unwrap();
    let image = tool::file(&folder, "esp", &bytes(&esp(ESP)));
    let text = tool::run(fsck.args(["-n", "-v"]).arg(&image));
    assert!(text.contains("Checking for unused clusters."), "{text}");
    assert!(!text.contains("wrong") && !text.contains("differ"), "{text}");
}

#[test]
fn mtools_lists_and_reads() {
    let (Some(mut mdir), Some(mut mtype)) = (tool::find("mdir"), tool::find("mtype")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let image = tool::file(&folder, "esp", &bytes(&esp(ESP)));
    let listing = tool::run(mdir.args(["-i"]).arg(&image).args(["-/", "-b", "::"]));
    insta::assert_snapshot!(listing, @r"
    ::/EFI/
    ::/loader/
    ::/EFI/BOOT/
    ::/EFI/Linux/
    ::/EFI/BOOT/BOOTX64.EFI
    ::/EFI/Linux/corten_0.1.0_deadbeef+3.efi
    ::/EFI/Linux/leer.txt
    ::/loader/loader.conf
    ");
    let content = tool::run(mtype.arg("-i").arg(&image).arg("::loader/loader.conf"));
    assert_eq!(content, "timeout 0\neditor no\n");
}

#[test]
fn fatfs_reads_what_we_write() {
    let image = Cursor::new(bytes(&esp(ESP)));
    let volume = fatfs::FileSystem::new(image, fatfs::FsOptions::new()).unwrap();
    assert_eq!(volume.fat_type(), fatfs::FatType::Fat32);
    assert_eq!(volume.volume_label(), "ESP");
    let mut content = String::new();
    volume.root_dir().open_file("loader/loader.conf").unwrap().read_to_string(&mut content).unwrap();
    assert_eq!(content, "timeout 0\neditor no\n");
    let folder = volume.root_dir().open_dir("EFI/Linux").unwrap();
    let names: Vec<String> = folder.iter().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [".", "..", "corten_0.1.0_deadbeef+3.efi", "leer.txt"]);
    let stats = volume.stats().unwrap();
    let ours = Volume::open(esp(ESP)).unwrap();
    assert_eq!(u64::from(stats.free_clusters()) * u64::from(stats.cluster_size()), ours.free_bytes());
}

#[test]
fn we_read_and_change_what_fatfs_writes() {
    let mut image = Cursor::new(bytes(&empty(crate::SMALL)));
    {
        let volume = fatfs::FileSystem::new(&mut image, fatfs::FsOptions::new()).unwrap();
        let folder = volume.root_dir().create_dir("Some Folder").unwrap();
        for number in 0..40 {
            let mut file = folder.create_file(&format!("a file with a long name {number}.txt")).unwrap();
            std::io::Write::write_all(&mut file, &vec![number; 700 * usize::from(number)]).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = tool::file(&folder, "volume", image.get_ref());
    let file = std::fs::File::options().read(true).write(true).open(path).unwrap();
    let mut writer = Writer::open(FileDevice::new(file).unwrap()).unwrap();
    assert_eq!(writer.reclaimed().clusters, 0);
    for number in 0..40u8 {
        let path = format!("SOME folder/A FILE with a long name {number}.txt");
        assert_eq!(writer.volume().read_file(&path).unwrap(), vec![number; 700 * usize::from(number)]);
        match number % 3 {
            0 => writer.remove(&path).unwrap(),
            1 => writer.rename(&path, &format!("renamed {number} with an even longer name.txt")).unwrap(),
            _ => {}
        }
    }
    assert_eq!(writer.volume().list("some folder").unwrap().len(), 26);
    // The crate gives "." and ".." long names and lets ".." of a first-level folder point to cluster 2.
    let found = writer.volume().check().unwrap().findings;
    assert_eq!(found, [Finding::OrphanSlots("/Some Folder".into(), 2), Finding::Dots("/Some Folder".into())]);
}

#[test]
fn we_read_and_change_what_mkfs_and_mtools_write() {
    let (Some(_), Some(_)) = (tool::find("mkfs.vfat"), tool::find("mcopy")) else { return };
    for (sectors, sector_size) in [("1", "512"), ("8", "512"), ("2", "4096")] {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("volume");
        std::fs::File::create(&image).unwrap().set_len(600 * 1024 * 1024).unwrap();
        let mut mkfs = tool::find("mkfs.vfat").unwrap();
        tool::run(mkfs.args(["-F", "32", "-n", "FOREIGN", "-s", sectors, "-S", sector_size]).arg(&image));
        let content = tool::file(&folder, "content", &vec![7; 100_000]);
        for name in ["lower.txt", "Mixed Case.text", "UPPER.TXT", "ÄÖ.txt"] {
            let mut mcopy = tool::find("mcopy").unwrap();
            mcopy.env("LC_ALL", "C.UTF-8");
            tool::run(mcopy.arg("-i").arg(&image).arg(&content).arg(format!("::{name}")));
        }
        let file = std::fs::File::options().read(true).write(true).open(&image).unwrap();
        let mut writer = Writer::open(FileDevice::new(file).unwrap()).unwrap();
        let entries = writer.volume().list("").unwrap();
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["lower.txt", "Mixed Case.text", "UPPER.TXT", "ÄÖ.txt"]);
        assert_eq!(writer.volume().read_file("mixed case.TEXT").unwrap(), vec![7; 100_000]);
        writer.rename("lower.txt", "lower with a much longer name than it had.txt").unwrap();
        writer.remove("UPPER.TXT").unwrap();
        writer.mkdir("ours", time()).unwrap();
        writer.write_file("ours/file", &[1; 5000], time()).unwrap();
        assert_eq!(writer.volume().check().unwrap().findings, []);
        writer.finish().unwrap();
        let mut fsck = tool::find("fsck.vfat").unwrap();
        let text = tool::run(fsck.arg("-n").arg(&image));
        assert!(text.contains(" files, ") && text.lines().count() == 2, "{text}");
    }
}
