//! Disks and their partitions, from `/sys/block`. Formats: sysfs-block of the kernel's documentation and block/stat.

use corten_api::v1;

use super::{FactError, files, mounts};
use crate::root::Root;

/// Disks, and partitions of a disk, that are listed.
const MAX_DISKS: usize = 256;
/// The kernel counts in sectors of this size whatever the disk's own are.
const SECTOR: u64 = 512;
/// Block devices that are no disks: made of files, of memory or of other disks.
const NOT_DISKS: [&str; 6] = ["loop", "ram", "zram", "dm-", "fd", "nbd"];
/// Labels of partitions that only the disk of a node has.
const SYSTEM: [&str; 2] = ["root-a", "state"];

/// All disks, by name.
pub fn list(root: &Root) -> Result<Vec<v1::Disk>, FactError> {
    let names = files::names(root, "/sys/block")?;
    let is_disk = |name: &String| !NOT_DISKS.iter().any(|prefix| name.starts_with(prefix));
    let mut disks: Vec<v1::Disk> =
        names.into_iter().filter(is_disk).take(MAX_DISKS).map(|name| read(root, name)).collect();
    choose_system(root, &mut disks);
    Ok(disks)
}

fn read(root: &Root, name: String) -> v1::Disk {
    let file = |attribute: &str| format!("/sys/block/{name}/{attribute}");
    let value = |attribute: &str| files::value(root, &file(attribute));
    let first = |attributes: &[&str]| {
        attributes.iter().map(|attribute| value(attribute)).find(|text| !text.is_empty()).unwrap_or_default()
    };
    let serial = match first(&["serial", "device/serial"]) {
        none if none.is_empty() => scsi_serial(root, &file("device/vpd_pg80")),
        serial => serial,
    };
    let (read_bytes, written_bytes) = parse_moved(&value("stat")).unwrap_or_default();
    v1::Disk {
        model: first(&["device/model"]),
        serial,
        bytes: files::number(root, &file("size")).saturating_mul(SECTOR),
        read_only: files::number(root, &file("ro")) == 1,
        removable: files::number(root, &file("removable")) == 1,
        system: false,
        partitions: partitions(root, &name),
        read_bytes,
        written_bytes,
        name,
    }
}

fn partitions(root: &Root, disk: &str) -> Vec<v1::DiskPartition> {
    let names = files::names(root, &format!("/sys/block/{disk}")).unwrap_or_default();
    let mut found = Vec::new();
    for name in names.into_iter().filter(|name| name.starts_with(disk)).take(MAX_DISKS) {
        let file = |attribute: &str| format!("/sys/block/{disk}/{name}/{attribute}");
        let number = files::number(root, &file("partition"));
        if number == 0 {
            continue;
        }
        let uevent = files::value(root, &file("uevent"));
        let partition = v1::DiskPartition {
            label: uevent_value(&uevent, "PARTNAME"),
            uuid: uevent_value(&uevent, "PARTUUID"),
            bytes: files::number(root, &file("size")).saturating_mul(SECTOR),
            name,
        };
        found.push((number, partition));
    }
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, partition)| partition).collect()
}

/// Marks the disk of the node: the one with its labels; of several, as where a disk of another node is plugged in,
/// the one that `/var` is mounted from.
fn choose_system(root: &Root, disks: &mut [v1::Disk]) {
    let is_ours =
        |disk: &v1::Disk| disk.partitions.iter().any(|partition| SYSTEM.contains(&partition.label.as_str()));
    let several = disks.iter().filter(|disk| is_ours(disk)).count() > 1;
    let state = if several { mounted_device(root, "/var") } else { None };
    for disk in disks {
        let device = |name: &str| files::value(root, &format!("/sys/block/{}/{name}/dev", disk.name));
        let holds_state =
            |wanted: &String| disk.partitions.iter().any(|partition| device(&partition.name) == *wanted);
        disk.system = is_ours(disk) && state.as_ref().is_none_or(holds_state);
    }
}

/// The device number, `254:6`, of what is mounted there last.
fn mounted_device(root: &Root, target: &str) -> Option<String> {
    let lines = mounts::lines(root).unwrap_or_default();
    lines.into_iter().rev().find(|line| line.target == target).map(|line| line.device)
}

/// Page 80h of vital product data, SPC-4 7.8.12: four bytes of header and the serial number.
fn scsi_serial(root: &Root, absolute: &str) -> String {
    let page = files::bytes(&root.path(absolute)).unwrap_or_default();
    let serial = String::from_utf8_lossy(page.get(4..).unwrap_or_default());
    serial.trim_matches(|c: char| c.is_whitespace() || c.is_control()).to_string()
}

/// The value of a key in a `uevent`; empty for none.
pub fn uevent_value(text: &str, key: &str) -> String {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    value.unwrap_or_default().trim().to_string()
}

/// Bytes that were read and written, from a disk's `stat`.
pub fn parse_moved(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<u64>().ok());
    let (read, written) = (numbers.nth(2)??, numbers.nth(3)??);
    Some((read.saturating_mul(SECTOR), written.saturating_mul(SECTOR)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

    fn write(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn disk(folder: &Path, name: &str, device: &str) {
        let file = |attribute: &str| format!("sys/block/{name}/{attribute}");
        write(folder, &file("size"), "4194304\n");
        write(folder, &file("ro"), "0\n");
        write(folder, &file("removable"), "0\n");
        write(folder, &file("serial"), "0001\n");
        write(folder, &file("stat"), "  12 0 800 3 7 0 160 2 0 9 11 0 0 0 0 0 0\n");
        write(folder, &file(&format!("{name}10/partition")), "10\n");
        write(folder, &file(&format!("{name}10/uevent")), "DEVTYPE=partition\n");
        write(folder, &file(&format!("{name}2/partition")), "2\n");
        write(folder, &file(&format!("{name}2/size")), "2048\n");
        write(folder, &file(&format!("{name}2/dev")), device);
        let uevent = "PARTN=2\nPARTNAME=state\nPARTUUID=0a-0b\n";
        write(folder, &file(&format!("{name}2/uevent")), uevent);
        write(folder, &file("queue/x"), "");
    }

    #[test]
    fn disks_are_read_with_their_partitions() {
        let folder = tempfile::tempdir().expect("a folder");
        disk(folder.path(), "vda", "254:2");
        write(folder.path(), "sys/block/loop0/size", "8\n");
        let disks = list(&Root::new(folder.path())).expect("disks");
        assert_eq!(disks.len(), 1);
        let state = v1::DiskPartition {
            name: "vda2".into(),
            label: "state".into(),
            uuid: "0a-0b".into(),
            bytes: 1 << 20,
        };
        assert_eq!(disks[0].partitions[0], state);
        assert_eq!(disks[0].partitions[1].name, "vda10");
        assert_eq!((disks[0].bytes, disks[0].system), (2 << 30, true));
        assert_eq!((disks[0].read_bytes, disks[0].written_bytes), (800 * 512, 160 * 512));
        assert_eq!(disks[0].serial, "0001");
    }

    #[test]
    fn of_two_disks_the_one_with_the_mounted_state_is_the_systems() {
        let folder = tempfile::tempdir().expect("a folder");
        disk(folder.path(), "vda", "254:2");
        disk(folder.path(), "vdb", "254:18");
        let line = "31 24 254:18 / /var rw shared:9 - ext4 /dev/vdb2 rw\n";
        write(folder.path(), "proc/self/mountinfo", line);
        let disks = list(&Root::new(folder.path())).expect("disks");
        let system: Vec<_> = disks.iter().map(|disk| disk.system).collect();
        assert_eq!(system, [false, true]);
    }

    #[test]
    fn a_serial_number_may_be_in_a_page_of_the_disk() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "sys/block/sda/device/vpd_pg80", "\0\u{1}\0\u{4}  S3-7 ");
        let disks = list(&Root::new(folder.path())).expect("disks");
        assert_eq!(disks[0].serial, "S3-7");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = parse_moved(&text);
            let _ = uevent_value(&format!("PARTNAME={text}"), "PARTNAME");
        }
    }
}
