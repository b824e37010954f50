//! One boot of a machine, and what is done with it meanwhile: each step is a case.

use std::fmt;
use std::sync::mpsc;

use anyhow::{Context, Result, anyhow, ensure};
use corten_vm::{End, Machine, RunEvent};
use libtest_mimic::Trial;

use super::node::{Node, Seen};
use super::owner::Owner;
use crate::scenario::{Once, Place, When};
use crate::workshop::{Booted, Workshop};

/// Something that is done with a node, and has to come out as expected.
pub type Step = (&'static str, fn(&mut Node<'_>) -> Result<()>);

/// A machine and whose it is.
pub struct Setting {
    /// The machine; a port of this one that leads to its API is added.
    pub machine: Machine,
    /// Who owns it.
    pub owner: Owner,
}

/// A machine, and the steps that are done with it.
pub struct Story {
    /// Its name; steps are cases `story::step`.
    pub name: &'static str,
    /// When it is told.
    pub when: When,
    /// Makes the machine.
    pub setting: fn(&Workshop, &str) -> Result<Setting>,
    /// What is done. Without the first one the others are not tried.
    pub steps: &'static [Step],
}

/// What came of a story.
pub struct Lived {
    results: Vec<Result<(), String>>,
    /// How each step came out, and when.
    times: Vec<String>,
    seen: Booted,
}

impl fmt::Display for Lived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "steps: {}", self.times.join(", "))?;
        self.seen.fmt(f)
    }
}

impl Story {
    /// Adds the steps to the list of cases, and that the machine stops in order after them.
    pub fn add(self, place: &Place, trials: &mut Vec<Trial>) -> Once<Lived> {
        let Self { name, setting, steps, .. } = self;
        let once = Once::new(place, move |workshop| live(workshop, name, setting(workshop, name)?, steps));
        self.add_cases(once, trials)
    }

    /// The same of a story that goes on where another one ended.
    pub fn add_after(self, before: Once<Lived>, place: &Place, trials: &mut Vec<Trial>) -> Once<Lived> {
        let Self { name, setting, steps, .. } = self;
        let once = Once::new(place, move |workshop| {
            before.get(workshop)?;
            live(workshop, name, setting(workshop, name)?, steps)
        });
        self.add_cases(once, trials)
    }

    fn add_cases(self, once: Once<Lived>, trials: &mut Vec<Trial>) -> Once<Lived> {
        let Self { name, when, steps, .. } = self;
        for (index, (step, _)) in steps.iter().enumerate() {
            trials.push(once.trial(&format!("{name}::{step}"), when, move |_, lived: &Lived| {
                let result = lived.results.get(index).context("it was not tried")?;
                result.clone().map_err(|why| anyhow!(why))
            }));
        }
        trials.push(once.trial(&format!("{name}::stops_in_order"), when, |_, lived| {
            let end = &lived.seen.outcome.end;
            ensure!(*end == End::PoweredOff, "it ended with: {end}");
            Ok(())
        }));
        once
    }
}

fn live(workshop: &Workshop, name: &str, setting: Setting, steps: &[Step]) -> Result<Lived> {
    let ((results, times), seen) = with_node(workshop, name, setting, |node| {
        let mut results: Vec<Result<(), String>> = Vec::new();
        let mut times = Vec::new();
        for (step, run) in steps {
            let result = match results.first() {
                Some(Err(why)) => Err(format!("{} failed before: {why}", steps[0].0)),
                _ => run(node).map_err(|error| format!("{error:#}")),
            };
            let word = if result.is_ok() { "ok" } else { "FAILED" };
            times.push(format!("{step} {word} at {:.1} s", node.elapsed()));
            results.push(result);
        }
        (results, times)
    })?;
    Ok(Lived { results, times, seen })
}

/// Boots a machine, does something with it while it runs, and switches it off.
pub fn with_node<T>(
    workshop: &Workshop,
    name: &str,
    setting: Setting,
    work: impl FnOnce(&mut Node<'_>) -> T,
) -> Result<(T, Booted)> {
    let Setting { mut machine, owner } = setting;
    let port = super::node::forward(&mut machine)?;
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        let running = scope.spawn(move || {
            workshop.boot_to_work_with(name, &machine, &mut |event, control| {
                // Who listens may have heard enough.
                let _ = match event {
                    RunEvent::Started(_) => send.send(Seen::Started(control.clone())),
                    RunEvent::Console(line) => send.send(Seen::Console(line.clone())),
                    RunEvent::Report(_, event) => send.send(Seen::Report(event.clone())),
                    _ => Ok(()),
                };
            })
        });
        let mut node = Node::new(workshop, name, owner, port, receive);
        let done = work(&mut node);
        node.switch_off();
        drop(node);
        let seen = running.join().map_err(|_| anyhow!("the machine's thread panicked"))??;
        Ok((done, seen))
    })
}
