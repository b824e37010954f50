//! One boot of a machine with a stopwatch in it, whose figures come over the console.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use corten_vm::{Control, Document, Limits, Machine, Outcome, RunEvent};

use super::figures::{Figures, Said};
use crate::boot::machine::{Bed, STOP, System};

/// All of a boot; under software emulation a start takes a second or more.
const LONGEST: Duration = Duration::from_hours(3);
/// QEMU's user network answers, and leads nowhere.
const NO_NETWORK: [&str; 2] = ["-set", "netdev.net.restrict=on"];

/// Boots a fresh disk with these documents, and takes what its stopwatch measures.
pub fn measure(
    bed: &Bed,
    system: &System,
    documents: Vec<Document>,
    figures: &mut Figures,
) -> Result<Outcome> {
    bed.renew(system)?;
    let machine = Machine { configuration: documents, ..bed.machine(system)? };
    watch(bed, (system, &machine), figures)
}

/// Boots Corten for the first time, and takes how long after it was ready its first container ran, on a network.
pub fn first(
    bed: &Bed,
    system: &System,
    (configuration, what): (Document, &str),
    figures: &mut Figures,
) -> Result<()> {
    bed.renew(system)?;
    let machine = Machine {
        configuration: vec![configuration],
        extra: NO_NETWORK.map(str::to_owned).into(),
        ..bed.machine(system)?
    };
    let mut told = Figures::default();
    let outcome = watch(bed, (system, &machine), &mut told)?;
    let began = told.runs("corten", "first").least();
    let ready = outcome.ready.context("it was never ready")?.kernel_to_ready_ms as f64;
    eprintln!("bench:   ready after {ready} ms, container after {began} ms");
    figures.push("corten", what, began - ready);
    Ok(())
}

fn watch(bed: &Bed, (system, machine): (&System, &Machine), figures: &mut Figures) -> Result<Outcome> {
    // A peer never says that it is ready.
    let limits = Limits { ready: None, total: Some(LONGEST), stop: STOP };
    let control = Control::new();
    let mut end = None;
    let outcome = bed.run((system, machine), limits, &control, &mut |event| {
        let RunEvent::Console(line) = event else { return };
        match Said::read(&line) {
            Some(Said::Figure { system, what, value }) => figures.push(&system, &what, value),
            Some(Said::Does(what)) => eprintln!("bench:   {what}"),
            Some(Said::Ended(how)) => {
                end = Some(how);
                control.press_power_button();
            }
            None => {}
        }
    })?;
    match end {
        Some(Ok(())) => Ok(outcome),
        Some(Err(why)) => bail!("{why}"),
        None => bail!("{}: {}", outcome.end, outcome.console_tail.join("\n")),
    }
}
