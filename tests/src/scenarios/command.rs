//! `corten run` as a person or a script uses it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use libtest_mimic::Trial;
use serde_json::Value;

use super::RECIPE;
use crate::ran::Ran;
use crate::scenario::{Once, Place, Scenario, When};
use crate::table;
use crate::workshop::Workshop;

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    let first = Once::new(place, |workshop| {
        let folder = kept(workshop);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        run_kept(workshop)
    });
    first.add(
        "run_until_ready",
        When::Always,
        &[
            ("exits_with_0", |_, ran| ran.exits_with(0)),
            ("prints_one_json_object", prints_one_json_object),
            ("keeps_a_complete_disk", keeps_a_complete_disk),
        ],
        trials,
    );
    let before = first.clone();
    let again = Once::new(place, move |workshop| {
        before.get(workshop)?;
        run_kept(workshop)
    });
    again.add("run_again", When::Always, &[("exits_with_0", |_, ran| ran.exits_with(0))], trials);
    trials.push(again.trial("run_again::finds_the_disk_as_it_was", When::Always, move |workshop, again| {
        finds_the_disk_as_it_was(first.get(workshop)?, again)
    }));
    Scenario {
        name: "run_not_ready_in_time",
        when: When::Always,
        run: |workshop| {
            let disk = &workshop.image(RECIPE)?.disk;
            let mut corten = workshop.corten();
            Ran::new(corten.arg("run").arg(disk).args(["--until-ready", "--json", "--timeout", "2"]))
        },
        cases: &[
            ("exits_with_a_code_of_its_own", |_, ran| ran.exits_with(8)),
            ("prints_that_it_is_not_ready", prints_that_it_is_not_ready),
        ],
    }
    .add(place, trials);
}

/// Folder of a disk that lives on.
fn kept(workshop: &Workshop) -> PathBuf {
    workshop.path("kept")
}

fn run_kept(workshop: &Workshop) -> Result<Ran> {
    let disk = &workshop.image(RECIPE)?.disk;
    let mut corten = workshop.corten();
    corten.arg("run").arg(disk).args(["--until-ready", "--json", "--timeout", "300", "--keep"]);
    Ran::new(corten.arg(kept(workshop)))
}

fn prints_one_json_object(_: &Workshop, ran: &Ran) -> Result<()> {
    let printed = ran.json()?;
    ensure!(printed["ready"] == Value::Bool(true), "ready is {}", printed["ready"]);
    for (group, name) in [("seconds", "kernel_to_ready"), ("memory", "used_bytes"), ("memory", "processes")] {
        let number = &printed[group][name];
        ensure!(number.as_f64().is_some_and(|number| number > 0.0), "{group}.{name} is {number}");
    }
    Ok(())
}

fn keeps_a_complete_disk(workshop: &Workshop, _: &Ran) -> Result<()> {
    let folder = kept(workshop);
    for name in ["variables.fd", "console.log"] {
        ensure!(fs::metadata(folder.join(name)).is_ok_and(|file| file.len() > 0), "{name} is not there");
    }
    table::is_complete(&folder.join("disk.raw"))
}

fn finds_the_disk_as_it_was(first: &Ran, again: &Ran) -> Result<()> {
    let of = |ran: &Ran| -> Result<(String, String, String)> {
        let told = ran.json()?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("the node was not ready");
        let state = &told["state"];
        Ok((text(&told["machine_id"])?, text(&state["uuid"])?, text(&state["age"])?))
    };
    let (first, again) = (of(first)?, of(again)?);
    ensure!(
        (&first.0, &first.1) == (&again.0, &again.1),
        "machine and state were {first:?} and are {again:?}"
    );
    ensure!(
        (first.2.as_str(), again.2.as_str()) == ("new", "kept"),
        "the state was {first:?} and is {again:?}"
    );
    Ok(())
}

fn prints_that_it_is_not_ready(_: &Workshop, ran: &Ran) -> Result<()> {
    let printed = ran.json()?;
    ensure!(printed["ready"] == Value::Bool(false), "ready is {}", printed["ready"]);
    ensure!(!ran.said().is_empty(), "nothing about why");
    Ok(())
}
