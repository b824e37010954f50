//! A power cut under twenty workloads, on a disk that loses what was not flushed: all of them come back, in their order,
//! with what they had flushed.
//!
//! The disk records what is written, and a moment is remembered while everything runs. What each container had flushed
//! before that moment it has said before. Then the disk that a cut at that moment leaves is booted.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use corten_vm::{Disk, DiskFormat, Machine, Writes, sparse_copy};
use corten_volatile::{Cut, Loss, Promise, Record, Server, Tick, remains, write_image};
use libtest_mimic::Trial;

use super::traces::Traces;
use super::{all_are_ready, does, lines};
use crate::live::{Node, Setting, with_node};
use crate::scenario::{Once, Place, When};
use crate::workshop::{Booted, Workshop};

const NAME: &str = "workloads_power_cut";
/// Each waits for the one before it in its row.
const ROWS: usize = 4;
const EACH: usize = 5;
const ALL: usize = ROWS * EACH;
/// Room for both slots and more than a GiB of state.
const SIZE: u64 = 4 << 30;
/// What each container counts to, flushed, before the power goes.
const COUNTED: usize = 3;

/// Adds the cases.
pub(super) fn add(place: &Place, trials: &mut Vec<Trial>) {
    let before = Once::new(place, before);
    for (name, loss) in [("workloads_come_back", true), ("workloads_come_back_from_a_torn_disk", false)] {
        trials.push(before.trial(&format!("{NAME}::{name}"), When::Long, move |workshop, before| {
            let loss = if loss { Loss::All } else { Loss::Random(workshop.seed) };
            after(workshop, name, before, loss)
        }));
    }
}

/// What was there before the cut.
struct Before {
    record: Record,
    /// The moment of the cut.
    at: Tick,
    /// The disk as it was at first.
    disk: PathBuf,
    /// What each container had counted to by then, flushed.
    counted: BTreeMap<String, usize>,
    seen: Booted,
}

impl fmt::Display for Before {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, at, counted, .. } = self;
        let writes = record.writes().count();
        writeln!(f, "cut at {at} of {}; {writes} writes; counted: {counted:?}", record.end())?;
        self.seen.fmt(f)
    }
}

fn name(row: usize, at: usize) -> String {
    format!("row-{row}-{at}")
}

/// Two of five have an image that was imported, the others one of the recipe. Each says what its volume holds, and when it
/// starts by the clock of the machine; it is ready once it has counted once.
fn tables() -> Result<String> {
    let mut tables = String::new();
    for row in 0..ROWS {
        for at in 0..EACH {
            let (name, image) = (name(row, at), if at % 2 == 1 { "imported:1" } else { "busybox:1" });
            let after =
                if at == 0 { String::new() } else { format!("after = [\"{}\"]\n", self::name(row, at - 1)) };
            writeln!(
                tables,
                "[workloads.{name}]\n{after}[workloads.{name}.containers.main]\nimage = \"{image}\"\n\
                 command = [\"/usr/bin/sh\", \"-c\", \"{SCRIPT}\"]\nstop-signal = \"SIGKILL\"\n\
                 readiness = {{ command = [\"/usr/bin/test\", \"-e\", \"/tmp/ready\"], interval = \"15s\", timeout = \"15s\" }}\n\
                 mounts = {{ \"/data\" = {{ volume = \"{name}\" }} }}"
            )?;
        }
    }
    Ok(tables)
}

/// A line is one write, which is flushed before the container says so. The first one of a run is what makes it ready.
const SCRIPT: &str = "read up rest < /proc/uptime; touch /data/count; set -- $(wc -l /data/count); i=$1; \
    [ $(tail -n 1 /data/count | wc -c) = 0 ] || [ $(tail -n 1 /data/count) = $i ] || i=broken; \
    echo found $i; echo starts $up; \
    while :; do i=$((i + 1)); echo $i | dd of=/data/count oflag=append conv=notrunc,fsync 2> /dev/null && \
    echo flushed $i; [ -e /tmp/ready ] || { read up rest < /proc/uptime; echo may be ready $up; }; \
    touch /tmp/ready; sleep 2; done";

fn setting(workshop: &Workshop, name: &str, disk: Disk) -> Result<Setting> {
    let Setting { machine, owner } = super::setting(workshop, name, &tables()?)?;
    Ok(Setting { machine: Machine { disks: vec![disk], memory_mib: 1536, ..machine }, owner })
}

/// The number behind the last such word of a log.
fn last(lines: &[String], word: &str) -> Option<f64> {
    lines
        .iter()
        .rev()
        .find_map(|line| line.rsplit_once(word))
        .and_then(|(_, number)| number.trim().parse().ok())
}

fn before(workshop: &Workshop) -> Result<Before> {
    let built = super::setting(workshop, NAME, "")?.machine.disks;
    let disk = built.into_iter().next().context("no disk")?.path;
    let working = workshop.path(&format!("{NAME}.raw"));
    copy(&disk, &working)?;
    let folder = tempfile::Builder::new().prefix("corten-nbd-").tempdir()?;
    let file = File::options().read(true).write(true).open(&working)?;
    let server = Server::start(file, &folder.path().join("socket"))?;
    let disk_of_it = Disk { path: server.socket().into(), format: DiskFormat::Nbd, writes: Writes::Kept };
    let (done, seen) = with_node(workshop, NAME, setting(workshop, NAME, disk_of_it)?, |node| {
        let counted = count(node)?;
        anyhow::Ok((counted, server.now()))
    })?;
    let record = server.stop();
    std::fs::remove_file(working)?;
    let (counted, at) = done.map_err(|error| anyhow!("{error:#}\n{seen}"))?;
    Ok(Before { record, at, disk, counted, seen })
}

fn count(node: &mut Node<'_>) -> Result<BTreeMap<String, usize>> {
    node.becomes_ready()?;
    let archive = node.workshop.path("busybox.tar");
    let archive = archive.to_str().context("the folder of the tests is no text")?.to_owned();
    does(node, &["image", "import", &archive, "--name", "imported:1"])?;
    all_are_ready(node, ALL + 1)?;
    let mut counted = BTreeMap::new();
    for row in 0..ROWS {
        for at in 0..EACH {
            let name = name(row, at);
            let count = node.until(super::LONG, |node| {
                let count = last(&lines(node, &name)?, "flushed ").context("nothing flushed")? as usize;
                ensure!(count >= COUNTED, "{name} has counted to {count}");
                Ok(count)
            })?;
            counted.insert(name, count);
        }
    }
    Ok(counted)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    sparse_copy(from, to)?;
    File::options().write(true).open(to)?.set_len(SIZE)?;
    Ok(())
}

/// The cut, and what has to hold afterwards.
fn after(workshop: &Workshop, case: &str, before: &Before, loss: Loss) -> Result<()> {
    let path = workshop.path(&format!("{NAME}.{case}.raw"));
    copy(&before.disk, &path)?;
    let cut = Cut { at: before.at, promise: Promise::Kept, loss };
    write_image(&File::options().write(true).open(&path)?, &remains(&before.record, &cut))?;
    let disk = Disk { path: path.clone(), format: DiskFormat::Raw, writes: Writes::Kept };
    let name = format!("{NAME}.{case}");
    let setting = setting(workshop, &name, disk)?;
    let (done, seen) = with_node(workshop, &name, setting, |node| is_as_before(node, before))?;
    done.map_err(|error| anyhow!("{error:#}\nafter {cut:?}:\n{seen}\nbefore it:"))?;
    std::fs::remove_file(path)?;
    Ok(())
}

fn is_as_before(node: &mut Node<'_>, before: &Before) -> Result<()> {
    node.becomes_ready()?;
    all_are_ready(node, ALL + 1)?;
    for row in 0..ROWS {
        // When the one before it may have counted as ready, and not sooner.
        let mut ready = 0.0;
        for at in 0..EACH {
            let name = name(row, at);
            let lines = lines(node, &name)?;
            let found =
                last(&lines, "found ").with_context(|| format!("{name} found no whole file: {lines:?}"))?;
            let flushed = before.counted.get(&name).copied().unwrap_or_default();
            ensure!(found as usize >= flushed, "{name} had flushed {flushed} lines, and found {found}");
            let started = last(&lines, "starts ").context("it does not say when it started")?;
            ensure!(
                started >= ready,
                "{name} started at {started}, and the one before it was ready at {ready}"
            );
            ready = last(&lines, "may be ready ").context("it does not say when it was ready")?;
            ensure!(ready >= started, "{name} was ready at {ready}, and started at {started}");
        }
    }
    let traces = Traces::look(node)?;
    let shims = traces.count("process /usr/bin/containerd-shim");
    ensure!(shims == ALL + 1, "{shims} shims");
    for (folder, count) in [
        ("/run/containerd/io.containerd.runtime.v2.task/corten", ALL + 1),
        ("/var/lib/corten/containers/roots", ALL + 1),
        ("/var/lib/corten/containers/imports", 0),
    ] {
        let found = traces.in_folder(folder);
        ensure!(found == count, "{folder} holds {found}, expected {count}");
    }
    Ok(())
}
