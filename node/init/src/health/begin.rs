//! The start, counted in stage 1 before anything of the root is read: a root that can't even be read counts as well.

use corten_disk::{Disk, Search};
use corten_formats::gpt::Guid;
use corten_formats::verity::RootHash;
use corten_report::Event;
use corten_sys::host::{Down, go_down};
use corten_update::start::LIMIT;
use corten_update::{BootName, Digits};

use super::record::{OnDisk, RecordError};
use super::versions::{self, VersionsError};
use crate::log::{Failure, Level, Log};
use crate::report::Reporter;

/// Counts the start of this version. After too many that were not healthy it makes the other version the next one
/// and restarts, if there is one that is good for that; else the boot goes on.
///
/// `disk` is the one that the machine starts from. Returns the name of the partition that the loader started from, or
/// `None` without a loader.
pub(crate) fn begin(search: &Search, disk: &str, root_hash: &RootHash, log: &Log) -> Option<String> {
    let Search::DiskOf(guid) = search else {
        log.write(Level::Info, "no loader started this system: its starts are not counted");
        return None;
    };
    let Some(esp) = partition(disk, *guid) else {
        let text = format_args!("{disk} has no partition {guid} any more: this start is not counted");
        log.write(Level::Warning, text);
        return None;
    };
    if let Err(error) = count(disk, &esp, root_hash, log) {
        log.write(Level::Warning, format_args!("this start is not counted: {error}"));
    }
    Some(esp)
}

/// Name of the partition of a disk that has this GUID.
fn partition(disk: &str, guid: Guid) -> Option<String> {
    let disk = Disk::named(disk)?;
    let table = disk.table().ok()?.table;
    let (number, _) = table.partitions.iter().find(|(_, partition)| partition.guid == guid)?;
    disk.partition_name(*number).ok()
}

fn count(disk: &str, esp: &str, root_hash: &RootHash, log: &Log) -> Result<(), RecordError> {
    let record = OnDisk::open(disk)?;
    let unhealthy = record.starts.unhealthy(root_hash);
    if unhealthy > 0 {
        let text = format_args!("{unhealthy} starts of this version in a row did not become healthy");
        log.write(Level::Warning, text);
    }
    if unhealthy >= LIMIT {
        match fall_back(disk, esp, root_hash) {
            Ok(to) => restart(unhealthy, &to, log),
            Err(error) => log.write(Level::Warning, format_args!("this version is started again: {error}")),
        }
    }
    let begun = record.starts.begun(root_hash);
    record.write(Some(begun))
}

/// Makes the other committed version the next one to boot.
fn fall_back(disk: &str, esp: &str, root_hash: &RootHash) -> Result<BootName, VersionsError> {
    let mut volume = versions::open(esp)?;
    let to =
        volume.fall_back(Digits::of(root_hash), &|volume, name| versions::has_root(disk, volume, name))?;
    volume.finish()?;
    Ok(to)
}

/// Returns only if the kernel refuses.
fn restart(unhealthy: u32, to: &BootName, log: &Log) {
    let failure = Failure::new(
        "this version",
        format_args!("{unhealthy} starts in a row did not become healthy"),
        "the lines of those starts on the console say why; the other version runs until this one is replaced",
    );
    log.show(&failure, &format!("restart into {to}, which is committed too"));
    let mut reporter = Reporter::open();
    reporter.send(&Event::from(&failure));
    reporter.send(&Event::Stopping { cause: "fall-back".into() });
    corten_sys::mount::sync();
    if let Err(error) = go_down(Down::Restart) {
        log.write(Level::Error, error);
    }
}
