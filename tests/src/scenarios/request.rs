//! What ends a run without the power button: requests of programs of the node, of which only root's are heard, and
//! signals to init.

use anyhow::{Context, Result, ensure};
use corten_report::Event;
use corten_vm::{End, Machine, OnReset, Until};
use libtest_mimic::Trial;

use crate::scenario::{Place, Scenario, When};
use crate::workshop::{Booted, Workshop};

const RECIPE: &str = r#"
name = "request"
version = "1.0"
extends = "container-host"

[packages.dash]
programs = ["dash"]

[users.probe]
uid = 950

[services.nobody]
exec = ["/usr/bin/dash", "-c", "! /usr/lib/corten/init request power-off"]
user = "probe"
restart = "never"

# A request ends the first run, SIGINT the second, SIGTERM the third.
[files."/usr/lib/probe/end"]
content = """
cd /var/lib/end || exit 1
if ! [ -e first ]; then : > first && exec /usr/lib/corten/init request restart; fi
if ! [ -e second ]; then : > second && kill -INT 1; else kill -TERM 1; fi
"""

[services.end]
exec = ["/usr/bin/dash", "/usr/lib/probe/end"]
after = ["nobody"]
restart = "never"
directories = { state = ["end"] }
"#;

const POWER_OFF: &str = r#"
name = "request-power-off"
version = "1.0"
extends = "base"

[services.root]
exec = ["/usr/lib/corten/init", "request", "power-off"]
restart = "never"
"#;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "request",
        when: When::Always,
        run: |workshop| boot(workshop, "request", RECIPE),
        cases: &[
            ("of_root_restarts_the_machine_and_that_of_others_does_nothing", |_, seen| {
                ends(seen, 0, "request")?;
                restarts_after(seen, 0)
            }),
            ("to_restart_may_be_a_signal", |_, seen| {
                ends(seen, 1, "signal")?;
                restarts_after(seen, 1)
            }),
            ("to_power_off_may_be_a_signal", |_, seen| {
                ends(seen, 2, "signal")?;
                is_off(seen)
            }),
        ],
    }
    .add(place, trials);
    Scenario {
        name: "request_power_off",
        when: When::Always,
        run: |workshop| boot(workshop, "request_power_off", POWER_OFF),
        cases: &[("of_root_switches_the_machine_off_in_order", |_, seen| {
            ends(seen, 0, "request")?;
            is_off(seen)
        })],
    }
    .add(place, trials);
}

fn boot(workshop: &Workshop, name: &str, recipe: &str) -> Result<Booted> {
    let path = workshop.path(&format!("{name}.toml"));
    std::fs::write(&path, recipe)?;
    let image = workshop.image(path.to_str().context("the folder of the tests is no text")?)?;
    let machine = image.direct(image.command_line.clone(), image.disk.clone());
    workshop.boot(name, &Machine { on_reset: OnReset::Restart, ..machine }, Until::Off)
}

/// Why each run ended, as the node says when it begins to stop in order.
fn causes(seen: &Booted) -> Vec<&str> {
    let causes = seen.events.iter().filter_map(|(_, event)| match event {
        Event::Stopping { cause } => Some(cause.as_str()),
        _ => None,
    });
    causes.collect()
}

fn ends(seen: &Booted, run: usize, expected: &str) -> Result<()> {
    let causes = causes(seen);
    ensure!(causes.get(run) == Some(&expected), "the runs ended for {causes:?}");
    Ok(())
}

/// A power-off, which the user who is refused asks for, would be the last run.
fn restarts_after(seen: &Booted, run: usize) -> Result<()> {
    let causes = causes(seen);
    ensure!(causes.len() > run + 1, "no run came after those that ended for {causes:?}");
    Ok(())
}

fn is_off(seen: &Booted) -> Result<()> {
    ensure!(seen.outcome.end == End::PoweredOff, "it ended with: {}", seen.outcome.end);
    Ok(())
}
