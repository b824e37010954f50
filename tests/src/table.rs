//! The partition table of a node's disk, read by our code and by sgdisk, and its state, read by e2fsck.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use corten_formats::gpt::types;

use crate::partition;
use crate::tool::{run, tool};

/// Attribute bit of a state whose file system is being made: what has it may be formatted, nothing else.
const BEING_MADE: u64 = 1 << 48;

/// The labels of a disk that has all its partitions.
const LABELS: [&str; 6] = ["esp", "root-a", "root-a-verity", "root-b", "root-b-verity", "state"];

/// Where the state of a disk lies, bytes.
pub fn state(disk: &Path) -> Result<Range<u64>> {
    partition::range(disk, types::VAR)
}

/// A disk as a node has to leave it: both copies of the table are whole, nothing is missing, the state is complete,
/// and other people's programs find nothing wrong with table and file system.
pub fn is_complete(disk: &Path) -> Result<()> {
    let found = partition::table(disk)?;
    let damage = (&found.primary, &found.backup);
    ensure!(matches!(damage, (None, None)), "a copy of the partition table is damaged: {damage:?}");
    let labels = found.table.partitions.values().map(|partition| partition.label.as_str());
    let mut labels: Vec<_> = labels.collect();
    labels.sort_unstable();
    ensure!(labels == LABELS, "the partitions are {labels:?}");
    let (state, _) = partition::of_kind(&found, types::VAR)?;
    ensure!(state.attributes & BEING_MADE == 0, "the state is marked as being made");
    let sgdisk = run(tool("sgdisk")?.arg("-v").arg(disk))?;
    ensure!(sgdisk.contains("No problems found"), "sgdisk -v: {sgdisk}");
    file_system_bytes(disk).map(drop)
}

/// Blocks of a node's file systems have that many bytes.
const BLOCK: u64 = 4096;

/// Bytes of the state's file system, in which e2fsck finds nothing wrong.
pub fn file_system_bytes(disk: &Path) -> Result<u64> {
    let place = format!("{}?offset={}", disk.display(), state(disk)?.start);
    let text = run(tool("e2fsck")?.args(["-f", "-n", &place]))?;
    // A line ends with "15000/360448 blocks": those in use, and all.
    let mut blocks =
        text.lines().filter_map(|line| line.trim_end().strip_suffix(" blocks")?.rsplit_once('/'));
    let blocks: Option<u64> = blocks.next_back().and_then(|(_, all)| all.parse().ok());
    let blocks = blocks.with_context(|| format!("e2fsck: {text}"))?;
    Ok(blocks * BLOCK)
}
