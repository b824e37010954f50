//! Kernel and disks.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem, shown};

use super::demand;
use crate::settings::{Disk, DiskMatch, Kernel};
use crate::types::VolumeLabel;
use crate::written::{self, entries};
use corten_services::sysctl::{Allowed, allowed};

pub(super) fn kernel(written: &written::Kernel, court: &mut Court<'_>) -> Kernel {
    let top = KeyPath::of(&["kernel", "sysctl"]);
    let mut paths: BTreeMap<String, &str> = BTreeMap::new();
    for (name, value) in entries(written.sysctl.as_ref()) {
        let (key, path) = (top.key(name), name.path());
        let value = value.get().trim();
        match allowed(&path) {
            Some(Allowed::Nothing(why)) => {
                let message = format!("`{name}` is not for configurations: {why}");
                court.complain(&Problem::Conflict(message), &key, None);
            }
            Some(Allowed::Values(values, why)) if !values.contains(&value) => {
                let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                let message = format!("`{name}` can't be {}: {why}", shown(value));
                let help = format!("what may be written is {}", values.join(" or "));
                court.complain(&Problem::Conflict(message), &key, Some(help));
            }
            Some(Allowed::Values(..)) | None => {}
        }
        if let Some(first) = paths.insert(path, name.as_str()) {
            let message = format!("`{first}` and `{name}` are one setting");
            court.conflict(message, &key, ("the other is here", &top.key(first)));
        }
    }
    Kernel {
        sysctl: entries(written.sysctl.as_ref())
            .map(|(name, value)| (name.to_string(), value.get().clone()))
            .collect(),
        modules: written.modules.iter().flatten().map(ToString::to_string).collect(),
    }
}

pub(super) fn storage(written: Option<&written::Storage>, court: &mut Court<'_>) -> BTreeMap<String, Disk> {
    let top = KeyPath::of(&["storage", "disks"]);
    let mut disks = BTreeMap::new();
    for (name, disk) in entries(written.and_then(|storage| storage.disks.as_ref())) {
        if let Some(disk) = decide_disk(name.as_str(), disk, &top.key(name), court) {
            disks.insert(name.to_string(), disk);
        }
    }
    apart(&disks, &top, court);
    disks
}

fn decide_disk(name: &str, written: &written::Disk, key: &KeyPath, court: &mut Court<'_>) -> Option<Disk> {
    let help = "say which disk: `disk = { serial = \"…\" }`";
    let which = demand(written.disk.as_ref(), &key.key("disk"), help, court);
    let is_empty = court.origins.tree().at(&key.key("disk")).and_then(|node| node.entries());
    if is_empty.is_some_and(BTreeMap::is_empty) {
        let help = "write `serial` or `name`".to_owned();
        court.complain(&Problem::Conflict("any disk would fit".into()), &key.key("disk"), Some(help));
    }
    let help = format!("say where: `mount = \"/var/mnt/{name}\"`");
    let mount = demand(written.mount.as_ref(), &key.key("mount"), &help, court);
    let label = written.label.as_ref().map(ToString::to_string);
    let label = label.or_else(|| name.parse::<VolumeLabel>().ok().map(|label| label.to_string()));
    let help = "the name of the disk can't be its label: it is longer than 16 characters";
    let label = demand(label, &key.key("label"), help, court);
    let which = which?;
    Some(Disk {
        disk: DiskMatch {
            name: which.name.as_ref().map(|name| name.get().clone()),
            serial: which.serial.as_ref().map(ToString::to_string),
        },
        file_system: written.file_system.map(|file_system| file_system.0).unwrap_or_default(),
        label: label?,
        mount: mount?.get().clone(),
    })
}

/// No two are one disk, have one label, or are mounted at one place.
fn apart(disks: &BTreeMap<String, Disk>, top: &KeyPath, court: &mut Court<'_>) {
    let all: Vec<(&String, &Disk)> = disks.iter().collect();
    for (n, (name, disk)) in all.iter().enumerate() {
        for (other_name, other) in &all[..n] {
            let (key, first) = (top.key(name), top.key(other_name));
            let same = |a: &Option<String>, b: &Option<String>| a.is_some() && a == b;
            if same(&disk.disk.serial, &other.disk.serial) || same(&disk.disk.name, &other.disk.name) {
                let message = format!("`{other_name}` and `{name}` are one disk");
                court.conflict(message, &key.key("disk"), ("the other is here", &first.key("disk")));
            }
            if disk.label == other.label {
                let message = format!("`{other_name}` and `{name}` have one label");
                court.conflict(message, &key.key("label"), ("the other is here", &first.key("label")));
            }
            if disk.mount == other.mount {
                let message = format!("two disks are mounted at {}", disk.mount);
                court.conflict(message, &key.key("mount"), ("the other is here", &first.key("mount")));
            }
        }
    }
}
