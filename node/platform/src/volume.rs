//! A volume labelled CORTEN on any disk but the node's own: mounted for a moment, read-only, by the kernel.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use corten_sys::mount::{Mount, MountFlags, mount, unmount};

use crate::{Findings, PlatformError, file_name, read};

const LABEL: &[u8] = b"CORTEN";
/// The first one that is there counts.
const NAMES: [&str; 3] = ["config.toml", "config.yaml", "config.yml"];
const MOUNT_POINT: &str = "/run/corten/volume";
/// Where a label stands: file system, offset and bytes. FAT32 and FAT12/16 (boot sector), ISO 9660 (primary volume
/// descriptor), ext4 (superblock).
const PLACES: [(&str, u64, usize); 4] =
    [("vfat", 71, 11), ("vfat", 43, 11), ("iso9660", 0x8000 + 40, 32), ("ext4", 1024 + 120, 16)];

/// The documents on such volumes. `own` is the name of the disk that the node runs from.
pub fn of_volumes(own: &str) -> Findings {
    let mut findings = Findings::default();
    for device in devices(Path::new("/sys/class/block"), own) {
        let path = Path::new("/dev").join(&device);
        if let Some(kind) = labelled(&path)
            && let Err(problem) = look(&path, kind, &mut findings)
        {
            findings.problems.push(problem);
        }
    }
    findings
}

/// Disks and partitions that may hold a volume, by name.
fn devices(sys: &Path, own: &str) -> Vec<String> {
    let names = fs::read_dir(sys).into_iter().flatten().flatten();
    let mut names: Vec<String> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !["loop", "ram", "dm-", "zram", "md"].iter().any(|kind| name.starts_with(kind)))
        .filter(|name| !is_of(name, own))
        .collect();
    names.sort_unstable();
    names
}

/// Whether a name is that of a disk or of one of its partitions: `vda`, `vda1`, `nvme0n1p2`.
fn is_of(name: &str, disk: &str) -> bool {
    let Some(rest) = name.strip_prefix(disk).filter(|_| !disk.is_empty()) else { return false };
    let number =
        if disk.ends_with(|last: char| last.is_ascii_digit()) { rest.strip_prefix('p') } else { Some(rest) };
    rest.is_empty()
        || number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// The file system of a volume with the label.
fn labelled(device: &Path) -> Option<&'static str> {
    let device = File::open(device).ok()?;
    let found = PLACES.into_iter().find(|(_, offset, length)| {
        let mut label = vec![0; *length];
        device.read_exact_at(&mut label, *offset).is_ok() && is_label(&label)
    });
    found.map(|(kind, ..)| kind)
}

/// Labels are filled up with spaces or zeros.
fn is_label(bytes: &[u8]) -> bool {
    bytes.strip_prefix(LABEL).is_some_and(|rest| rest.iter().all(|byte| matches!(byte, 0 | b' ')))
}

fn look(device: &Path, kind: &str, findings: &mut Findings) -> Result<(), PlatformError> {
    let source = device.display().to_string();
    fs::create_dir_all(MOUNT_POINT).map_err(|error| PlatformError::Io(MOUNT_POINT.into(), error))?;
    let flags = MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let data = if kind == "ext4" { "noload" } else { "" };
    mount(&Mount { source: &source, target: MOUNT_POINT, kind, flags, data })?;
    let found = NAMES.iter().find(|name| {
        // Not through a link, which could lead out of the volume.
        fs::symlink_metadata(PathBuf::from(MOUNT_POINT).join(name)).is_ok_and(|there| there.is_file())
    });
    if let Some(name) = found {
        let place = format!("20-volume-{}", device.file_name().unwrap_or_default().to_string_lossy());
        findings.take(read(&PathBuf::from(MOUNT_POINT).join(name), file_name(&place, name)));
    }
    Ok(unmount(Path::new(MOUNT_POINT))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_disk_and_what_is_no_disk_are_not_looked_at() {
        let sys = tempfile::tempdir().expect("a folder");
        for name in ["vda", "vda1", "vdb", "sr0", "dm-0", "loop3", "sda2"] {
            fs::create_dir(sys.path().join(name)).expect("a folder");
        }
        assert_eq!(devices(sys.path(), "vda"), ["sda2", "sr0", "vdb"]);
        assert!(is_of("nvme0n1p2", "nvme0n1") && !is_of("nvme0n10", "nvme0n1") && !is_of("sdaa", "sda"));
    }

    #[test]
    fn a_volume_is_known_by_its_label_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("disk");
        let with = |offset: usize, label: &[u8]| {
            let mut bytes = vec![0; 0x9000];
            bytes[offset..offset + label.len()].copy_from_slice(label);
            fs::write(&path, bytes).expect("a file");
            labelled(&path)
        };
        assert_eq!(with(71, b"CORTEN     "), Some("vfat"));
        assert_eq!(with(43, b"CORTEN     "), Some("vfat"));
        assert_eq!(with(0x8000 + 40, b"CORTEN                          "), Some("iso9660"));
        assert_eq!(with(1024 + 120, b"CORTEN\0\0"), Some("ext4"));
        assert_eq!(with(71, b"CORTENX    "), None);
    }
}
