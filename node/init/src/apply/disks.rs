//! Disks of the machine configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use corten_control::{BOOT_PATH, Boot, Disk};
use corten_disk::data::{Wanted, bring_up};
use corten_sys::mount::unmount;

/// What disks are mounted below. No other place is taken.
const BELOW: &str = "/var/mnt/";

/// Mounts the disks that are wanted, and unmounts those that are not any more. `mounts` holds where disks are mounted.
pub(super) fn apply(
    wanted: &BTreeMap<String, Disk>,
    mounts: &mut BTreeSet<String>,
    problems: &mut Vec<String>,
) {
    let is_wanted = |target: &String| wanted.values().any(|disk| disk.mount == *target);
    for target in mounts.iter().filter(|target| !is_wanted(target)).cloned().collect::<Vec<_>>() {
        match unmount(Path::new(&target)) {
            Ok(()) => drop(mounts.remove(&target)),
            Err(error) => problems.push(format!("storage: {error}")),
        }
    }
    let boot: Boot =
        fs::read(BOOT_PATH).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    for (name, disk) in wanted {
        if mounts.contains(&disk.mount) {
            continue;
        }
        let mut complain =
            |why: &dyn std::fmt::Display| problems.push(format!("storage.disks.{name}: {why}"));
        if !is_sound(&disk.mount) {
            complain(&format_args!("{:?} is no place below {BELOW}", disk.mount));
            continue;
        }
        let wanted = Wanted {
            name: disk.name.as_deref(),
            serial: disk.serial.as_deref(),
            label: &disk.label,
            mount: &disk.mount,
        };
        match bring_up(&wanted, &boot.disk, &mut |text| println!("{text}")) {
            Ok(()) => drop(mounts.insert(disk.mount.clone())),
            Err(error) => complain(&error),
        }
    }
}

/// Right below the folder, which is root's: what lies deeper could be a link that somebody else made.
fn is_sound(mount: &str) -> bool {
    mount.strip_prefix(BELOW).is_some_and(|name| {
        !matches!(name, "" | "." | "..")
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disks_are_mounted_below_one_folder_alone() {
        for sound in ["/var/mnt/data", "/var/mnt/b-1_c.d"] {
            assert!(is_sound(sound), "{sound}");
        }
        for wrong in ["/var/mnt", "/var/mnt/", "/var/mnt/../lib", "/usr", "/var/mnt/a/b", "/var/mnt/a b"] {
            assert!(!is_sound(wrong), "{wrong}");
        }
    }
}
