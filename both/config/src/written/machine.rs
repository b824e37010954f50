//! `[identity]`, `[kernel]` and `[storage]`.

use std::collections::BTreeMap;

use corten_document::{Read, SysctlKey, Table};
use schemars::JsonSchema;

use super::Setting;
use crate::settings::FileSystem;
use crate::types::{
    DiskName, EntryName, HostName, LabelName, LabelValue, ModuleName, MountPoint, Named, Serial, SysctlValue,
    VolumeLabel,
};

/// Who the machine is.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Identity {
    /// Name of the machine: RFC 1123, lower case. Without it the machine has the name that DHCP gives it, else that
    /// of the image.
    pub hostname: Option<HostName>,
    /// What people sort machines by.
    pub labels: Option<BTreeMap<LabelName, LabelValue>>,
}

impl Read for Identity {
    fn read(table: &mut Table<'_>) -> Self {
        Self { hostname: table.text("hostname"), labels: table.text_map("labels") }
    }
}

/// Kernel settings and modules.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kernel {
    /// Modules of the image to load.
    pub modules: Option<Vec<ModuleName>>,
    /// Kernel settings, as sysctl(8) writes them, over those of the image.
    #[schemars(with = "Option<BTreeMap<SysctlKey, Setting>>")]
    pub sysctl: Option<BTreeMap<SysctlKey, SysctlValue>>,
}

impl Read for Kernel {
    fn read(table: &mut Table<'_>) -> Self {
        Self { modules: table.texts("modules"), sysctl: table.setting_map("sysctl") }
    }
}

/// Disks beside the one that the node runs from.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Storage {
    /// The disks, by names of your choice.
    pub disks: Option<BTreeMap<EntryName, Disk>>,
}

impl Read for Storage {
    fn read(table: &mut Table<'_>) -> Self {
        Self { disks: table.tables("disks") }
    }
}

/// A disk that holds one file system. A disk that holds nothing at all is formatted; one that holds anything else than
/// this file system is left alone.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Disk {
    /// Which disk.
    pub disk: Option<DiskMatch>,
    /// File system; `ext4` unless written otherwise.
    pub file_system: Option<Named<FileSystem>>,
    /// Label of the file system, 16 characters at most; the name of the disk in the configuration unless written
    /// otherwise.
    pub label: Option<VolumeLabel>,
    /// Where it is mounted: right below `/var/mnt`.
    pub mount: Option<MountPoint>,
}

impl Read for Disk {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            disk: table.table("disk"),
            file_system: table.text("file-system"),
            label: table.text("label"),
            mount: table.text("mount"),
        }
    }
}

/// Which disk is meant. Everything that is written has to fit.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DiskMatch {
    /// The kernel's name, without `/dev/`.
    pub name: Option<DiskName>,
    /// Serial number. Names of disks may change from one boot to the next, serial numbers don't.
    pub serial: Option<Serial>,
}

impl Read for DiskMatch {
    fn read(table: &mut Table<'_>) -> Self {
        Self { name: table.text("name"), serial: table.text("serial") }
    }
}
