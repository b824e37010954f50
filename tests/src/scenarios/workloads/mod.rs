//! Workloads of a configuration, on nodes with an image for containers in their own root.
//!
//! - `hard`: where things go wrong or come in numbers.
//! - `keys`: each key of the configuration, and what a container can not do.
//! - `life`: how they start, run, change and go.
//! - `registry`: images that are fetched, from registries that are sound, absent, closed, or lie.

mod hard;
mod keys;
mod life;
mod registry;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use corten_vm::{Machine, OnReset};
use libtest_mimic::Trial;
use serde_json::Value;

use crate::built::succeeded;
use crate::live::{Node, PATIENCE, Setting, find};
use crate::scenario::Place;
use crate::workshop::Workshop;

const RECIPE: &str = include_str!("os.toml");
const BUSYBOX: &str = include_str!("../../../../recipes/containers/busybox.toml");

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    life::add(place, trials);
    keys::add(place, trials);
    registry::add(place, trials);
    hard::add(place, trials);
}

/// The archive of the image with small tools.
fn busybox(workshop: &Workshop) -> Result<PathBuf> {
    pack(workshop, "busybox", BUSYBOX)
}

/// The archive of an image.
fn pack(workshop: &Workshop, name: &str, text: &str) -> Result<PathBuf> {
    // Its lock goes beside it, so not where the sources are.
    let recipe = workshop.path(&format!("{name}.toml"));
    std::fs::write(&recipe, text)?;
    let archive = workshop.path(&format!("{name}.tar"));
    succeeded(workshop.corten().args(["oci", "pack"]).arg(recipe).arg("-o").arg(&archive))?;
    Ok(archive)
}

/// A node with that image in its root, and these tables in its first configuration.
fn setting(workshop: &Workshop, name: &str, tables: &str) -> Result<Setting> {
    busybox(workshop)?;
    of_recipe(workshop, name, ("workloads.toml", RECIPE), tables)
}

/// A node of a recipe, with these tables in its first configuration.
fn of_recipe(workshop: &Workshop, name: &str, (file, recipe): (&str, &str), tables: &str) -> Result<Setting> {
    let path = workshop.path(file);
    std::fs::write(&path, recipe)?;
    let image = workshop.image(path.to_str().context("the folder of the tests is no text")?)?;
    let owner = super::managed::owner(workshop, name)?;
    let document = owner.document("10-test.toml", tables)?;
    let machine = image.direct(image.command_line.clone(), image.disk.clone());
    let machine = Machine { configuration: vec![document], on_reset: OnReset::Restart, ..machine };
    Ok(Setting { machine, owner })
}

/// A container, as `corten node containers` shows it.
fn container(node: &mut Node<'_>, name: &str) -> Result<Value> {
    let containers = node.ask(&["containers"])?;
    find(&containers, "name", name).cloned()
}

/// Waits until a container is in a state.
fn becomes(node: &mut Node<'_>, name: &str, state: &str) -> Result<Value> {
    node.until(PATIENCE, |node| {
        let container = container(node, name)?;
        ensure!(container["state"] == state, "{container}");
        Ok(container)
    })
}

/// Waits until a container that does not run says why, in these words.
fn complains(node: &mut Node<'_>, name: &str, words: &[&str]) -> Result<Value> {
    node.until(PATIENCE, |node| {
        let container = container(node, name)?;
        let detail = container["detail"].as_str().unwrap_or_default();
        ensure!(container["pid"].is_null(), "it runs: {container}");
        ensure!(words.iter().all(|word| detail.contains(word)), "none of {words:?}: {container}");
        Ok(container)
    })
}

/// What a program prints in a container, and that it ends with 0.
fn exec(node: &mut Node<'_>, container: &str, script: &str) -> Result<String> {
    node.prints(&["exec", container, "--", "/usr/bin/sh", "-c", script])
}

/// Waits until a workload has printed something.
fn prints(node: &mut Node<'_>, workload: &str, text: &str) -> Result<()> {
    node.until(PATIENCE, |node| {
        let lines = node.prints(&["logs", workload])?;
        ensure!(lines.contains(text), "no {text:?} in {lines}");
        Ok(())
    })
}
