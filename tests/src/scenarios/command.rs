//! `corten run` as a person or a script uses it.

use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::RECIPE;
use crate::scenario::{Place, Scenario, When};
use crate::workshop::Workshop;

/// A command that ran.
struct Ran {
    command: String,
    output: Output,
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Output { status, stdout, stderr } = &self.output;
        writeln!(f, "{}: {status}\nstandard output:\n{}", self.command, String::from_utf8_lossy(stdout))?;
        writeln!(f, "standard error:\n{}", String::from_utf8_lossy(stderr))
    }
}

fn ran(command: &mut Command) -> Result<Ran> {
    let output = command.output().with_context(|| format!("starting {command:?}"))?;
    Ok(Ran { command: format!("{command:?}"), output })
}

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Scenario {
        name: "run_until_ready",
        when: When::Always,
        run: |workshop| {
            let disk = &workshop.image(RECIPE)?.disk;
            ran(workshop.corten().arg("run").arg(disk).args(["--until-ready", "--json", "--timeout", "300"]))
        },
        cases: &[("exits_with_0", exits_with_0), ("prints_one_json_object", prints_one_json_object)],
    }
    .add(place, trials);
    Scenario {
        name: "run_not_ready_in_time",
        when: When::Always,
        run: |workshop| {
            let disk = &workshop.image(RECIPE)?.disk;
            ran(workshop.corten().arg("run").arg(disk).args(["--until-ready", "--json", "--timeout", "2"]))
        },
        cases: &[
            ("exits_with_a_code_of_its_own", exits_with_a_code_of_its_own),
            ("prints_that_it_is_not_ready", prints_that_it_is_not_ready),
        ],
    }
    .add(place, trials);
}

fn exits_with_0(_: &Workshop, seen: &Ran) -> Result<()> {
    ensure!(seen.output.status.success(), "{}", seen.output.status);
    Ok(())
}

fn prints_one_json_object(_: &Workshop, seen: &Ran) -> Result<()> {
    let printed: Value = serde_json::from_slice(&seen.output.stdout)?;
    ensure!(printed["ready"] == Value::Bool(true), "ready is {}", printed["ready"]);
    for (group, name) in [("seconds", "kernel_to_ready"), ("memory", "used_bytes"), ("memory", "processes")] {
        let number = &printed[group][name];
        ensure!(number.as_f64().is_some_and(|number| number > 0.0), "{group}.{name} is {number}");
    }
    Ok(())
}

fn exits_with_a_code_of_its_own(_: &Workshop, seen: &Ran) -> Result<()> {
    let code = seen.output.status.code();
    // 1 and 2 are the codes of any failure and of a wrong command line.
    ensure!(code.is_some_and(|code| code > 2), "{}", seen.output.status);
    Ok(())
}

fn prints_that_it_is_not_ready(_: &Workshop, seen: &Ran) -> Result<()> {
    let printed: Value = serde_json::from_slice(&seen.output.stdout)?;
    ensure!(printed["ready"] == Value::Bool(false), "ready is {}", printed["ready"]);
    ensure!(!seen.output.stderr.is_empty(), "nothing about why");
    Ok(())
}
