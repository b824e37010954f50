//! Two versions on one disk: one on trial proves itself, one that fails gives way, and damage is found.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, Result, ensure};
use corten_report::{Event, Scrubbed};
use corten_update::Tries;
use corten_vm::{Disk, DiskFormat, Machine, OnReset, RunEvent, Until, Writes};
use libtest_mimic::Trial;

use super::RECIPE;
use crate::scenario::{Place, Scenario, When};
use crate::second::{Second, Wish};
use crate::workshop::{Booted, Workshop};

/// A boot, or several in a row, of a disk with two versions.
pub struct Seen {
    booted: Booted,
    second: Second,
    /// Root hash of the first version.
    first: String,
}

impl Display for Seen {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.second.name().map(|name| name.to_string());
        let scrubs: Vec<_> = scrubs(&self.booted).collect();
        writeln!(f, "second version: {name:?}, scrubs: {scrubs:?}\n{}", self.booted)
    }
}

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "version_on_trial",
        when: When::Always,
        // The program is for networks of containers, so nothing of it is read before the scrub.
        run: |workshop| {
            let wish = Wish { tries: Some(Tries::STAGED), damaged: UNREAD, words: "corten.scrub-delay=11" };
            run(workshop, "version_on_trial", &wish, Until::Off)
        },
        cases: &[
            ("runs", |_, seen| runs(seen, &seen.second.root_hash.to_string())),
            ("is_committed_once_it_stayed_ready", is_committed),
            ("scrub_finds_what_boot_does_not_read", scrub_finds),
            ("damage_counts_as_an_unhealthy_start", |_, seen| {
                ensure!(seen.second.unhealthy()? == 1, "{} starts", seen.second.unhealthy()?);
                Ok(())
            }),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "committed_version_that_fails",
        when: When::Always,
        run: |workshop| {
            let wish = Wish { tries: None, damaged: CONTAINERD, words: "" };
            run(workshop, "committed_version_that_fails", &wish, Until::Ready)
        },
        cases: &[
            ("gives_way_to_the_other_one", |_, seen| runs(seen, &seen.first)),
            ("is_started_three_times", |_, seen| {
                // The fourth start only goes back.
                ensure!(seen.booted.outcome.resets == 4, "{} resets", seen.booted.outcome.resets);
                Ok(())
            }),
            ("is_the_last_resort_then", |_, seen| has_tries(seen, Tries { left: 0, done: 0 })),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "version_on_trial_that_fails",
        when: When::Long,
        run: |workshop| {
            let wish = Wish { tries: Some(Tries::STAGED), damaged: CONTAINERD, words: "" };
            run(workshop, "version_on_trial_that_fails", &wish, Until::Ready)
        },
        cases: &[
            ("gives_way_to_the_committed_one", |_, seen| runs(seen, &seen.first)),
            ("is_started_three_times", |_, seen| {
                ensure!(seen.booted.outcome.resets == 3, "{} resets", seen.booted.outcome.resets);
                Ok(())
            }),
            ("has_used_up_its_tries", |_, seen| has_tries(seen, Tries { left: 0, done: 3 })),
        ],
    }
    .add(place, trials);
}

const CONTAINERD: &str = "/usr/bin/containerd";
const UNREAD: &str = "/usr/lib/podman/netavark";

fn run(workshop: &Workshop, name: &str, wish: &Wish, until: Until) -> Result<Seen> {
    let image = workshop.image(RECIPE)?;
    let second = Second::make(workshop, name, &image, wish)?;
    let disk = Disk { path: second.disk.clone(), format: DiskFormat::Raw, writes: Writes::Kept };
    let machine = Machine { disks: vec![disk], on_reset: OnReset::Restart, ..image.uefi() };
    let booted = workshop.boot_watched(name, &machine, until, &mut |event, control| {
        // The other slot is read last.
        if let RunEvent::Report(_, Event::Scrubbed(Scrubbed { slot, .. })) = event
            && slot == "root-a"
        {
            control.press_power_button();
        }
    })?;
    Ok(Seen { booted, second, first: image.root_hash.clone() })
}

fn runs(seen: &Seen, root_hash: &str) -> Result<()> {
    let ready = seen.booted.outcome.ready.as_ref().context("not ready")?;
    ensure!(ready.root_hash == root_hash, "{} runs, expected {root_hash}", ready.root_hash);
    Ok(())
}

fn is_committed(_: &Workshop, seen: &Seen) -> Result<()> {
    let told = seen.booted.events.iter().any(|(_, event)| matches!(event, Event::Committed { .. }));
    ensure!(told, "no commit was reported");
    let name = seen.second.name()?;
    ensure!(name.is_committed(), "it is called {name}");
    Ok(())
}

fn scrubs(booted: &Booted) -> impl Iterator<Item = &Scrubbed> {
    booted.events.iter().filter_map(|(_, event)| match event {
        Event::Scrubbed(scrubbed) => Some(scrubbed),
        _ => None,
    })
}

fn scrub_finds(_: &Workshop, seen: &Seen) -> Result<()> {
    let found: Vec<_> = scrubs(&seen.booted).map(|found| (found.slot.as_str(), found.bad)).collect();
    ensure!(found == [("root-b", 1), ("root-a", 0)], "the scrubs found {found:?}");
    ensure!(seen.booted.console()?.contains("the scrub of root-b failed"), "the console does not say so");
    Ok(())
}

fn has_tries(seen: &Seen, tries: Tries) -> Result<()> {
    let name = seen.second.name()?;
    ensure!(name.tries == Some(tries), "it is called {name}");
    Ok(())
}
