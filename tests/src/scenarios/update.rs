//! Two versions on one disk: one on trial proves itself, one that fails gives way, and damage is found.

use std::fmt::{self, Display, Formatter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_report::{Event, Scrubbed};
use corten_update::Tries;
use corten_vm::{Control, Disk, DiskFormat, Machine, OnReset, QmpEvent, RunEvent, Until, Writes};
use libtest_mimic::Trial;

use super::RECIPE;
use crate::scenario::{Place, Scenario, When};
use crate::second::{Damage, Room, Second, Wish};
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
            let tries = Some(Tries::STAGED);
            let wish = Wish { tries, words: "corten.scrub-delay=11", ..WISH };
            let wish = Wish { damage: Some(UNREAD), ..wish };
            run(workshop, "version_on_trial", &wish, Press::Scrubbed)
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
            let wish = Wish { damage: Some(CONTAINERD), ..WISH };
            run(workshop, "committed_version_that_fails", &wish, Press::Ready)
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
        name: "committed_version_with_a_damaged_tree",
        when: When::Always,
        // Two starts before this one failed too.
        run: |workshop| {
            let wish = Wish { damage: Some(Damage::Tree), unhealthy: 2, ..WISH };
            run(workshop, "committed_version_with_a_damaged_tree", &wish, Press::Ready)
        },
        cases: &[
            ("gives_way_to_the_other_one", |_, seen| runs(seen, &seen.first)),
            ("is_counted_though_its_slot_is_not_recognised", |_, seen| {
                // The first start fails, the second one only goes back.
                ensure!(seen.booted.outcome.resets == 2, "{} resets", seen.booted.outcome.resets);
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
            let wish = Wish { tries: Some(Tries::STAGED), damage: Some(CONTAINERD), ..WISH };
            run(workshop, "version_on_trial_that_fails", &wish, Press::Ready)
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
    Scenario {
        name: "version_on_trial_without_a_state",
        when: When::Long,
        run: |workshop| {
            let wish = Wish { tries: Some(Tries::STAGED), room: Room::Slots, ..WISH };
            run(workshop, "version_on_trial_without_a_state", &wish, Press::Stays)
        },
        cases: &[
            ("is_started_three_times", |_, seen| {
                ensure!(seen.booted.outcome.resets == 3, "{} resets", seen.booted.outcome.resets);
                Ok(())
            }),
            ("has_used_up_its_tries", |_, seen| has_tries(seen, Tries { left: 0, done: 3 })),
            ("leaves_the_committed_one_in_maintenance", |workshop, seen| {
                ensure!(seen.booted.outcome.maintenance.is_some(), "it is not in maintenance");
                super::stops_in_order_on_the_power_button(workshop, &seen.booted)
            }),
        ],
    }
    .add(place, trials);
}

/// A committed version that is whole, on a disk with room.
const WISH: Wish = Wish { tries: None, damage: None, room: Room::State, unhealthy: 0, words: "" };
const CONTAINERD: Damage = Damage::File("/usr/bin/containerd");
const UNREAD: Damage = Damage::File("/usr/lib/podman/netavark");

/// What the power button is pressed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Press {
    /// The node is ready.
    Ready,
    /// Both slots were scrubbed.
    Scrubbed,
    /// The node is in maintenance and stays so for a while.
    Stays,
}

/// Longer than a node in maintenance takes to find out whether its version is on trial.
const STAYS_UP: Duration = Duration::from_secs(15);

/// Boots until the button is pressed. A start that fails is left to what the node makes of it.
fn run(workshop: &Workshop, name: &str, wish: &Wish, press: Press) -> Result<Seen> {
    let image = workshop.image(RECIPE)?;
    let second = Second::make(workshop, name, &image, wish)?;
    let disk = Disk { path: second.disk.clone(), format: DiskFormat::Raw, writes: Writes::Kept };
    let machine = Machine { disks: vec![disk], on_reset: OnReset::Restart, ..image.uefi() };
    let resets = Arc::new(AtomicU32::new(0));
    let booted = workshop.boot_watched(name, &machine, Until::Off, &mut |event, control| {
        let now = match event {
            RunEvent::Report(_, Event::Maintenance(_)) if press == Press::Stays => {
                press_unless_it_restarts(&resets, control);
                false
            }
            RunEvent::Machine(_, QmpEvent::Reset { .. }) => {
                resets.fetch_add(1, Ordering::SeqCst);
                false
            }
            RunEvent::Report(_, Event::Ready(_)) => press == Press::Ready,
            // The other slot is read last.
            RunEvent::Report(_, Event::Scrubbed(Scrubbed { slot, .. })) => slot == "root-a",
            _ => false,
        };
        if now {
            control.press_power_button();
        }
    })?;
    Ok(Seen { booted, second, first: image.root_hash.clone() })
}

/// Presses the power button a while after now, if the machine is not reset before that.
fn press_unless_it_restarts(resets: &Arc<AtomicU32>, control: &Control) {
    let before = resets.load(Ordering::SeqCst);
    let (resets, control) = (Arc::clone(resets), control.clone());
    std::thread::spawn(move || {
        std::thread::sleep(STAYS_UP);
        if resets.load(Ordering::SeqCst) == before {
            control.press_power_button();
        }
    });
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
