//! An init whose event loop stops for good: the watchdog restarts the machine.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use corten_vm::{End, Machine, Until, Watchdog};
use libtest_mimic::Trial;

use super::RECIPE;
use crate::scenario::{Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "hang",
        when: When::Always,
        run: |workshop| hang(workshop, RECIPE, ("hang", Watchdog::I6300esb)),
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("hardware_restarts_the_machine", hardware_restarts_the_machine),
            ("takes_as_long_as_the_watchdog_waits", takes_as_long_as_the_watchdog_waits),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "hang_without_hardware",
        when: When::Long,
        run: |workshop| hang(workshop, RECIPE, ("hang_without_hardware", Watchdog::None)),
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("the_kernel_restarts_the_machine", the_kernel_restarts_the_machine),
            ("takes_as_long_as_the_watchdog_waits", takes_as_long_as_the_watchdog_waits),
        ],
    }
    .add(place, trials);
    // The chipset of the machine has a watchdog too, for which only the kernel for real machines has the driver.
    Scenario {
        name: "hang_on_metal",
        when: When::Long,
        run: |workshop| hang(workshop, "metal", ("hang_on_metal", Watchdog::None)),
        cases: &[
            ("becomes_ready", super::becomes_ready),
            ("hardware_restarts_the_machine", hardware_restarts_the_machine),
            // It counts down twice, which the drivers of some kernels make up for.
            ("takes_as_long_as_the_watchdog_waits_once_or_twice", |_, seen| {
                takes(seen, &[50.0..90.0, 110.0..150.0])
            }),
        ],
    }
    .add(place, trials);
}

fn hang(workshop: &Workshop, recipe: &str, (name, watchdog): (&str, Watchdog)) -> Result<Booted> {
    let image = workshop.image(recipe)?;
    let command_line = format!("{} corten.selftest=hang", image.command_line);
    let machine = Machine { watchdog, ..image.direct(command_line, image.disk.clone()) };
    workshop.boot(name, &machine, Until::Off)
}

fn hardware_restarts_the_machine(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(seen.outcome.end == End::Hung, "it ended with: {}", seen.outcome.end);
    ensure!(seen.outcome.watchdog == 1, "the watchdog ran out {} times", seen.outcome.watchdog);
    Ok(())
}

fn the_kernel_restarts_the_machine(_: &Workshop, seen: &Booted) -> Result<()> {
    ensure!(seen.outcome.end == End::Restarted, "it ended with: {}", seen.outcome.end);
    Ok(())
}

/// 60 s, from the last time that it was fed: right before the loop stopped, and after ready was reported. What a
/// busy host takes to notice either may be missing.
fn takes_as_long_as_the_watchdog_waits(_: &Workshop, seen: &Booted) -> Result<()> {
    takes(seen, &[50.0..90.0])
}

fn takes(seen: &Booted, seconds: &[Range<f64>]) -> Result<()> {
    let ready = *seen.outcome.timeline.seconds().get("total").context("not ready")?;
    let hung = seen.outcome.length.as_secs_f64() - ready;
    ensure!(seconds.iter().any(|range| range.contains(&hung)), "it hung for {hung:.1} s");
    Ok(())
}
