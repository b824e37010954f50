//! Several disks with the same image in one machine. The node runs from the one that its loader came from, and the
//! others are none of its business.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use corten_vm::{Disk, DiskFormat, Machine, Until, Writes, sparse_copy};
use corten_volatile::{Record, Server};
use libtest_mimic::Trial;

use super::{RECIPE, state};
use crate::scenario::{Once, Place, When};
use crate::table;
use crate::workshop::{Booted, Workshop};

/// A boot with other disks beside the node's own.
struct Several {
    seen: Booted,
    /// The node's own disk.
    own: PathBuf,
    /// What was written to the others.
    others: Vec<Record>,
}

impl fmt::Display for Several {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seen.fmt(f)
    }
}

/// Adds the cases.
pub fn add(boots: &state::Boots, place: &Place, trials: &mut Vec<Trial>) {
    let first = Once::new(place, |workshop| {
        let image = workshop.image(RECIPE)?;
        let own = grown_copy(workshop, &image.disk, "two_new_disks.raw")?;
        let other = grown_copy(workshop, &image.disk, "two_new_disks_other.raw")?;
        boot(workshop, "two_new_disks", (own, Found::First), &[other])
    });
    first.add(
        "two_new_disks",
        When::Always,
        &[
            ("become_ready", |workshop, several| super::becomes_ready(workshop, &several.seen)),
            ("one_gets_a_state", |_, several| table::is_complete(&several.own)),
            ("the_other_is_not_written_to", others_are_not_written_to),
        ],
        trials,
    );
    let (before, second) = (first.clone(), boots.second.clone());
    let later = Once::new(place, move |workshop| {
        let own = before.get(workshop)?.own.clone();
        let new = grown_copy(workshop, &workshop.image(RECIPE)?.disk, "disk_among_others_new.raw")?;
        let used = grown_copy(workshop, &second.get(workshop)?.after, "disk_among_others_used.raw")?;
        boot(workshop, "disk_among_others", (own, Found::Last), &[new, used])
    });
    later.add(
        "disk_among_others",
        When::Always,
        &[
            ("becomes_ready", |workshop, several| super::becomes_ready(workshop, &several.seen)),
            ("the_others_are_not_written_to", others_are_not_written_to),
        ],
        trials,
    );
    trials.push(later.trial("disk_among_others::keeps_its_state", When::Always, move |workshop, several| {
        state::is_the_same(&first.get(workshop)?.seen, &several.seen)
    }));
    let second = boots.second.clone();
    let twins = Once::new(place, move |workshop| {
        let disk = &second.get(workshop)?.after;
        let own = grown_copy(workshop, disk, "copied_disk.raw")?;
        let other = grown_copy(workshop, disk, "copied_disk_other.raw")?;
        boot(workshop, "copied_disk", (own, Found::Last), &[other])
    });
    twins.add(
        "copied_disk",
        When::Always,
        &[
            ("is_not_chosen_by_chance", is_not_chosen_by_chance),
            ("the_other_is_not_written_to", others_are_not_written_to),
        ],
        trials,
    );
}

fn grown_copy(workshop: &Workshop, disk: &Path, name: &str) -> Result<PathBuf> {
    let copy = workshop.path(name);
    sparse_copy(disk, &copy)?;
    File::options().write(true).open(&copy)?.set_len(state::SIZE)?;
    Ok(copy)
}

/// Where Linux finds the disk that firmware starts from, among the disks.
enum Found {
    /// Before all others. Of new disks with one identity the node takes that one.
    First,
    /// Behind all others.
    Last,
}

/// Boots by firmware from one of several disks.
fn boot(
    workshop: &Workshop,
    name: &str,
    (own, found): (PathBuf, Found),
    others: &[PathBuf],
) -> Result<Several> {
    let folder = tempfile::Builder::new().prefix("corten-nbd-").tempdir()?;
    let serve = |(number, other): (usize, &PathBuf)| -> Result<Server> {
        let file = File::options().read(true).write(true).open(other)?;
        Ok(Server::start(file, &folder.path().join(format!("{number}")))?)
    };
    let servers = others.iter().enumerate().map(serve).collect::<Result<Vec<_>>>()?;
    let other = |server: &Server| Disk {
        path: server.socket().into(),
        format: DiskFormat::Nbd,
        writes: Writes::Kept,
    };
    let mut disks: Vec<_> = servers.iter().map(other).collect();
    let starts_from = if matches!(found, Found::First) { 0 } else { disks.len() };
    disks.insert(starts_from, Disk { path: own.clone(), format: DiskFormat::Raw, writes: Writes::Kept });
    let machine = Machine { starts_from, disks, ..workshop.image(RECIPE)?.uefi() };
    let seen = workshop.boot(name, &machine, Until::Ready)?;
    let others_written = servers.into_iter().map(Server::stop).collect();
    others.iter().try_for_each(std::fs::remove_file)?;
    Ok(Several { seen, own, others: others_written })
}

fn others_are_not_written_to(_: &Workshop, several: &Several) -> Result<()> {
    for (number, record) in several.others.iter().enumerate() {
        let writes: Vec<_> = record.writes().map(|(operation, _)| operation.action.to_string()).collect();
        ensure!(writes.is_empty(), "disk {number}: {writes:?}");
    }
    Ok(())
}

/// Two disks with one state's identity: whichever is taken, the other one grows old unnoticed.
fn is_not_chosen_by_chance(_: &Workshop, several: &Several) -> Result<()> {
    ensure!(several.seen.outcome.ready.is_none(), "the node became ready");
    let failed = several.seen.outcome.failed.as_ref().context("it does not say why it stops")?;
    ensure!(!failed.hint.is_empty(), "it does not say what to do: {failed:?}");
    Ok(())
}
