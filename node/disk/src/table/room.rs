//! Free stretches of a disk, in whole mebibytes, as partitions are laid out in all images.

use std::ops::Range;

use corten_formats::gpt::Table;

/// Partitions start and end at multiples of this many bytes, as the builder lays them out.
const ALIGN: u64 = 1 << 20;

/// Sectors of the alignment.
pub(super) fn align(table: &Table) -> u64 {
    ALIGN / table.sector.bytes()
}

/// Free stretches in the order of their places.
pub(super) fn free(table: &Table) -> Vec<Range<u64>> {
    let usable = table.usable();
    let mut used: Vec<Range<u64>> = table
        .partitions
        .values()
        .map(|partition| partition.first..partition.last.saturating_add(1))
        .collect();
    used.sort_unstable_by_key(|range| range.start);
    used.push(usable.end..usable.end);
    let mut at = usable.start;
    let mut free = Vec::new();
    for range in used {
        free.extend(whole(table, at..range.start));
        at = at.max(range.end);
    }
    free
}

/// The whole mebibytes of a range, if there are any.
fn whole(table: &Table, range: Range<u64>) -> Option<Range<u64>> {
    let align = align(table);
    let start = range.start.checked_next_multiple_of(align)?;
    let end = range.end - range.end % align;
    (start < end).then_some(start..end)
}

/// The sector up to which the partition that ends before `end` can grow, if nothing lies behind it.
pub(super) fn growth(table: &Table, end: u64) -> Option<u64> {
    let usable_end = table.usable().end;
    let last = table.partitions.values().all(|partition| partition.last < end);
    whole(table, end..usable_end).filter(|_| last).map(|range| range.end)
}
