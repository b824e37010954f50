//! What was there when the daemon started: containers that went on meanwhile, and what a power cut or a crash left.

use std::collections::BTreeSet;
use std::fs;

use corten_network::files::read_json;

use super::shell::{Run, Shell};
use super::start::{FORM, STOP, STOP_SECONDS};
use super::{Fatal, act, binds, programs, root};
use crate::containerd::{Record, TaskState};
use crate::fleet::{Event, Found, Id, Memory};

/// Finds out what runs, goes on with it, and removes what nobody knows.
pub(super) async fn look(shell: &Shell) -> Result<(), Fatal> {
    let records = shell.containerd.records().await?;
    let tasks = shell.containerd.tasks().await?;
    programs::remove_rests(shell, &records, &tasks);
    let broken: BTreeSet<String> = {
        let mut networks = shell.networks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        networks.restore()?.into_iter().collect()
    };
    // One that ended meanwhile is taken up as well: it is still to be asked how it ended.
    let process = |id: &Id| {
        let task = tasks.iter().find(|task| task.id == id.key())?;
        matches!(task.state, TaskState::Running | TaskState::Stopped(_)).then_some(task.pid)
    };
    let mut found = Vec::new();
    for record in records {
        let Some(id) = Id::from_key(&record.id) else { continue };
        // Without its network it can't go on.
        let pid = process(&id).filter(|_| !broken.contains(&id.workload));
        let form = record.labels.get(FORM).cloned().unwrap_or_default();
        if pid.is_some() {
            go_on(shell, &id, &record)?;
        }
        found.push(Found { id, fingerprint: form, pid });
    }
    let known: BTreeSet<String> = found.iter().map(|found| found.id.key()).collect();
    remove_rests(shell, &known);
    let joined = joined(shell, &broken);
    // Without it, what people stopped and what has ended starts again: that is better than a node without workloads.
    let memory = read_json::<Memory>(&shell.paths.memory()).unwrap_or_else(|error| {
        eprintln!("{error}");
        None
    });
    let up: Vec<Id> =
        found.iter().filter(|found| found.pid.is_some()).map(|found| found.id.clone()).collect();
    let now = shell.now();
    shell.fleet().hear(now, Event::Looked(found, joined, memory.unwrap_or_default()));
    for id in up {
        act::follow(shell, id);
    }
    Ok(())
}

/// Takes up a container that runs.
fn go_on(shell: &Shell, id: &Id, record: &Record) -> Result<(), Fatal> {
    let attached = shell.logs.attach(&id.workload, &id.container)?;
    let mut kept = shell.kept();
    kept.attached.insert(id.clone(), attached);
    kept.records.insert(id.clone(), record.clone());
    let number = |label: &str| record.labels.get(label).and_then(|text| text.parse().ok());
    let mut run = Run { image: record.image.clone(), ..Run::default() };
    run.stop_signal = number(STOP).unwrap_or(run.stop_signal);
    run.stop_seconds = number(STOP_SECONDS).unwrap_or(run.stop_seconds);
    kept.runs.insert(id.clone(), run);
    Ok(())
}

/// The workloads that have their network.
fn joined(shell: &Shell, broken: &BTreeSet<String>) -> BTreeSet<String> {
    let networks = shell.networks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let joined = networks.joined().into_iter().filter(|name| !broken.contains(*name));
    joined.map(ToOwned::to_owned).collect()
}

/// Removes what runs left that no record names: of an earlier start of the node, or of one that was cut short.
fn remove_rests(shell: &Shell, known: &BTreeSet<String>) {
    let all = shell.paths.all_written();
    for entry in fs::read_dir(&all).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if known.contains(&name) {
            continue;
        }
        let Some(id) = Id::from_key(&name) else { continue };
        let removed = binds::release(&shell.paths.held(&id)).and_then(|()| root::remove(&entry.path()));
        if let Err(error) = removed {
            eprintln!("{}: {error}", entry.path().display());
        }
    }
}
