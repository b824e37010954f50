//! The tasks of [`super::Task`], each a child of PID 1 of its own. What it prints goes to the log; a last line that is
//! an event goes to the report.

use std::fmt::Display;
use std::fs;
use std::process::ExitCode;

use corten_disk::table::other_label;
use corten_formats::device::FileDevice;
use corten_formats::fat::Volume;
use corten_formats::verity::{RootHash, Scrubbed};
use corten_report::Event;
use corten_update::change::{after_failures, own};
use corten_update::esp::{Outcome, entries};
use corten_update::{BootName, Digits};

use super::{record, scrub, versions};
use crate::cmdline::CommandLine;

/// A slot that is not recognised: the one block that was looked at is not what it should be.
const LOST: Scrubbed = Scrubbed { blocks: 1, bad: 1, not_checked: 0 };

/// Does a task by its name and what it needs.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let done = own_root_hash().and_then(|root_hash| match words {
        ["healthy", disk] => record::healthy(disk, &root_hash).map_err(text),
        ["commit", esp] => commit(esp, &root_hash),
        ["other-version", disk, esp] => other_version(disk, esp, &root_hash),
        ["on-trial", disk, esp] => on_trial(disk, esp, &root_hash),
        ["scrub", disk, esp, slot] => scrub_running(disk, esp, slot, &root_hash),
        ["scrub-other", disk, esp, slot] => scrub_other(disk, esp, slot, &root_hash),
        _ => Err(format!("{words:?} is no task")),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}

fn own_root_hash() -> Result<RootHash, String> {
    let line = fs::read_to_string("/proc/cmdline").map_err(text)?;
    CommandLine::parse(&line).map(|line| line.root_hash).map_err(text)
}

fn commit(esp: &str, root_hash: &RootHash) -> Result<(), String> {
    let own = Digits::of(root_hash);
    let mut volume = versions::open(esp).map_err(text)?;
    let outcome = volume.commit(own).map_err(text)?;
    let name = volume.entries().map_err(text)?.into_iter().find(|name| name.root == own);
    volume.finish().map_err(text)?;
    if let (Outcome::Changed, Some(name)) = (outcome, name) {
        tell(&Event::Committed { boot_image: name.to_string() });
    }
    Ok(())
}

/// Where starts of this version that fail lead, if its root is there.
fn leads_to(
    disk: &str,
    volume: &Volume<FileDevice>,
    names: &[BootName],
    root_hash: &RootHash,
) -> Result<BootName, String> {
    let other = after_failures(names, Digits::of(root_hash)).map_err(text)?;
    let other = other.filter(|name| versions::has_root(disk, volume, name));
    other.ok_or_else(|| "there is no other version to go to".into())
}

fn other_version(disk: &str, esp: &str, root_hash: &RootHash) -> Result<(), String> {
    let volume = versions::read(esp).map_err(text)?;
    let names = entries(&volume).map_err(text)?;
    println!("{} is there to go to", leads_to(disk, &volume, &names, root_hash)?);
    Ok(())
}

/// The same for a version on trial; one that is committed stays.
fn on_trial(disk: &str, esp: &str, root_hash: &RootHash) -> Result<(), String> {
    let volume = versions::read(esp).map_err(text)?;
    let names = entries(&volume).map_err(text)?;
    if own(&names, Digits::of(root_hash)).map_err(text)?.is_committed() {
        return Err("this version is committed: a restart would change nothing".into());
    }
    println!("{} is there to go to", leads_to(disk, &volume, &names, root_hash)?);
    Ok(())
}

fn scrub_running(disk: &str, esp: &str, label: &str, root_hash: &RootHash) -> Result<(), String> {
    corten_sys::process::yield_to_others();
    let done = match versions::slot(disk, root_hash) {
        Some(slot) => scrub::read(&slot, root_hash).map_err(text)?,
        // The start found it by this block.
        None => LOST,
    };
    if done.bad > 0 && !esp.is_empty() {
        // What was found is told whatever comes of this.
        if let Err(why) = count(disk, esp, root_hash) {
            println!("{why}");
        }
    }
    tell(&scrubbed(label, &done));
    Ok(())
}

/// Counts an unhealthy start, if such lead to another version.
fn count(disk: &str, esp: &str, root_hash: &RootHash) -> Result<(), String> {
    other_version(disk, esp, root_hash)?;
    record::begun(disk, root_hash).map_err(text)?;
    println!("counted as an unhealthy start");
    Ok(())
}

fn scrub_other(disk: &str, esp: &str, label: &str, root_hash: &RootHash) -> Result<(), String> {
    corten_sys::process::yield_to_others();
    let volume = versions::read(esp).map_err(text)?;
    let names = entries(&volume).map_err(text)?;
    // A node has two slots, so there is one at most.
    let Some(name) = names.iter().find(|name| name.root != Digits::of(root_hash)) else { return Ok(()) };
    let label = other_label(label);
    let Some(root_hash) = versions::root_hash(&volume, name) else {
        println!("{name} does not tell the root hash that its name begins");
        tell(&scrubbed(&label, &LOST));
        return Ok(());
    };
    let slot = versions::slot(disk, &root_hash);
    if slot.is_none() {
        println!("no slot has a hash tree for {name}");
    }
    let done = slot.map_or(Ok(LOST), |slot| scrub::read(&slot, &root_hash));
    tell(&scrubbed(&label, &done.map_err(text)?));
    Ok(())
}

fn scrubbed(slot: &str, done: &Scrubbed) -> Event {
    let Scrubbed { blocks, bad, not_checked } = *done;
    Event::Scrubbed(corten_report::Scrubbed { slot: slot.into(), blocks, bad, not_checked })
}

fn tell(event: &Event) {
    print!("{}", event.to_line());
}
