//! A table as text, for people and snapshots.

use std::fmt::Write as _;

use super::table::{Partition, Table};
use super::types;

/// The disk, then one line a partition.
pub fn dump(table: &Table) -> String {
    let mut out = String::new();
    let usable = table.usable();
    let _ = writeln!(out, "disk {}", table.disk_guid);
    let _ = writeln!(out, "{} sectors of {} bytes", table.disk_sectors, table.sector.bytes());
    let _ = writeln!(out, "entries at {}, usable {}..{}", table.entries_lba, usable.start, usable.end);
    for (number, partition) in &table.partitions {
        let Partition { kind, guid, label, attributes, first, last } = partition;
        let kind = types::name(*kind).map_or_else(|| kind.to_string(), str::to_owned);
        let _ = writeln!(out, "{number} {first}..={last} {kind} {guid} {label:?} {attributes:#x}");
    }
    out
}
