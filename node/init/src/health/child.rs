//! The tasks of [`super::Task`], each a child of PID 1 of its own. What it prints goes to the log; the last line is
//! what PID 1 looks at.

use std::fmt::Display;
use std::fs;
use std::process::ExitCode;

use corten_formats::verity::RootHash;
use corten_report::Scrubbed;
use corten_update::change::after_failures;
use corten_update::esp::{Outcome, entries};
use corten_update::{BootName, Digits};

use super::{Slot, record, scrub, versions};
use crate::cmdline::CommandLine;

/// First word of the last line of a commit that changed something; the name of the boot image follows.
pub(crate) const COMMITTED: &str = "committed ";

/// Does a task by its name and what it needs.
pub(crate) fn run(words: &[&str]) -> ExitCode {
    let done = own_root_hash().and_then(|root_hash| match words {
        ["healthy", disk] => record::healthy(disk, &root_hash).map_err(text),
        ["commit", esp] => commit(esp, &root_hash),
        ["other-version", disk, esp] => other_version(disk, esp, &root_hash),
        ["scrub", disk, esp] => scrub_other(disk, esp, &root_hash),
        ["scrub", disk, esp, slot] => scrub_running(disk, esp, slot, &root_hash),
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
        println!("{COMMITTED}{name}");
    }
    Ok(())
}

/// Where starts of this version that fail lead, if its root is there.
fn leads_to(disk: &str, esp: &str, root_hash: &RootHash) -> Result<Option<BootName>, String> {
    let volume = versions::read(esp).map_err(text)?;
    let names = entries(&volume).map_err(text)?;
    let other = after_failures(&names, Digits::of(root_hash)).map_err(text)?;
    Ok(other.filter(|name| versions::has_root(disk, &volume, name)))
}

fn other_version(disk: &str, esp: &str, root_hash: &RootHash) -> Result<(), String> {
    match leads_to(disk, esp, root_hash)? {
        Some(name) => println!("{name} is there to go to"),
        None => return Err("there is no other version to go to".into()),
    }
    Ok(())
}

fn scrub_running(disk: &str, esp: &str, label: &str, root_hash: &RootHash) -> Result<(), String> {
    corten_sys::process::yield_to_others();
    let done = match versions::slot(disk, root_hash) {
        Some(slot) => scrub::read(&slot, root_hash).map_err(text)?.into(),
        // The start found it by this block.
        None => Found { blocks: 1, bad: 1 },
    };
    if done.bad > 0 && !esp.is_empty() {
        match leads_to(disk, esp, root_hash) {
            Ok(Some(name)) => {
                record::begun(disk, root_hash).map_err(text)?;
                println!("counted as an unhealthy start, since {name} is there to go to");
            }
            Ok(None) => println!("there is no other version to go to"),
            Err(why) => println!("{why}"),
        }
    }
    tell(label, &done);
    Ok(())
}

fn scrub_other(disk: &str, esp: &str, root_hash: &RootHash) -> Result<(), String> {
    corten_sys::process::yield_to_others();
    let volume = versions::read(esp).map_err(text)?;
    let names = entries(&volume).map_err(text)?;
    let others = names.iter().filter(|name| name.root != Digits::of(root_hash));
    let known = others.filter_map(|name| versions::root_hash(&volume, name));
    let there = known.filter_map(|root_hash| Some((versions::slot(disk, &root_hash)?, root_hash)));
    // A node has two slots, so there is one at most.
    if let Some((slot, root_hash)) = { there }.next() {
        let done = scrub::read(&slot, &root_hash).map_err(text)?.into();
        tell(&slot.label, &done);
    }
    Ok(())
}

struct Found {
    blocks: u64,
    bad: u64,
}

impl From<corten_formats::verity::Scrubbed> for Found {
    fn from(done: corten_formats::verity::Scrubbed) -> Self {
        Self { blocks: done.blocks, bad: done.bad }
    }
}

fn tell(slot: &str, found: &Found) {
    println!("{}", Slot(Scrubbed { slot: slot.into(), blocks: found.blocks, bad: found.bad }));
}
