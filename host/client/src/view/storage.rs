//! Disks, partitions and mounts of a node.

use corten_api::v1;
use serde::Serialize;

use super::facts::some;
use super::output::View;
use super::table::{Cell, Table, Tone, number, printable, text};
use super::units::{percent, size};

/// From so many percent on, a file system is shown as nearly full.
const NEARLY_FULL: u128 = 90;

/// The disks of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Disks(Vec<Disk>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Disk {
    name: String,
    model: Option<String>,
    serial: Option<String>,
    bytes: u64,
    read_only: bool,
    removable: bool,
    system: bool,
    partitions: Vec<Partition>,
    read_bytes: u64,
    written_bytes: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Partition {
    name: String,
    label: Option<String>,
    uuid: Option<String>,
    bytes: u64,
}

/// What is mounted on a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Mounts(Vec<Mount>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Mount {
    source: String,
    target: String,
    kind: String,
    options: Vec<String>,
    bytes: u64,
    used_bytes: u64,
    available_bytes: u64,
}

impl From<v1::ListDisksResponse> for Disks {
    fn from(response: v1::ListDisksResponse) -> Self {
        let partition = |partition: v1::DiskPartition| Partition {
            name: partition.name,
            label: some(partition.label),
            uuid: some(partition.uuid),
            bytes: partition.bytes,
        };
        let disk = |disk: v1::Disk| Disk {
            name: disk.name,
            model: some(disk.model),
            serial: some(disk.serial),
            bytes: disk.bytes,
            read_only: disk.read_only,
            removable: disk.removable,
            system: disk.system,
            partitions: disk.partitions.into_iter().map(partition).collect(),
            read_bytes: disk.read_bytes,
            written_bytes: disk.written_bytes,
        };
        Self(response.disks.into_iter().map(disk).collect())
    }
}

impl View for Disks {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("DISK"),
            number("SIZE"),
            text("LABEL"),
            text("MODEL").spare(),
            text("SERIAL").spare(),
            number("READ").spare(),
            number("WRITTEN").spare(),
            text("NOTES"),
        ]);
        let shown = |text: &Option<String>| Cell::from(printable(text.as_deref().unwrap_or_default()));
        for disk in &self.0 {
            let notes =
                [("system", disk.system), ("read-only", disk.read_only), ("removable", disk.removable)];
            let notes: Vec<_> = notes.into_iter().filter_map(|(word, holds)| holds.then_some(word)).collect();
            table.row([
                printable(&disk.name).into(),
                size(disk.bytes).into(),
                "".into(),
                shown(&disk.model),
                shown(&disk.serial),
                size(disk.read_bytes).into(),
                size(disk.written_bytes).into(),
                notes.join(", ").into(),
            ]);
            for partition in &disk.partitions {
                table.row([
                    format!("  {}", printable(&partition.name)).into(),
                    size(partition.bytes).into(),
                    shown(&partition.label),
                ]);
            }
        }
        table
    }
}

impl From<v1::ListMountsResponse> for Mounts {
    fn from(response: v1::ListMountsResponse) -> Self {
        let mount = |mount: v1::Mount| Mount {
            source: mount.source,
            target: mount.target,
            kind: mount.kind,
            options: mount.options,
            bytes: mount.bytes,
            used_bytes: mount.used_bytes,
            available_bytes: mount.available_bytes,
        };
        Self(response.mounts.into_iter().map(mount).collect())
    }
}

impl View for Mounts {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("TARGET"),
            text("SOURCE"),
            text("KIND"),
            number("SIZE"),
            number("USED"),
            number("FREE"),
            text("OPTIONS").spare(),
        ]);
        for mount in &self.0 {
            let sized = |bytes: u64| if mount.bytes == 0 { String::new() } else { size(bytes) };
            // A read-only file system is full by nature.
            let writable = !mount.options.iter().any(|option| option == "ro");
            let full = u128::from(mount.used_bytes) * 100 >= u128::from(mount.bytes) * NEARLY_FULL;
            let tone = if writable && full && mount.bytes > 0 { Tone::Waiting } else { Tone::Plain };
            table.row([
                printable(&mount.target).into(),
                printable(&mount.source).into(),
                printable(&mount.kind).into(),
                sized(mount.bytes).into(),
                Cell::of(percent(mount.used_bytes, mount.bytes), tone),
                sized(mount.available_bytes).into(),
                printable(&mount.options.join(",")).into(),
            ]);
        }
        table
    }
}
