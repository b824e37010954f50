//! The image of the scenarios about the API, and a machine of an owner with a configuration.

use std::sync::Arc;

use anyhow::{Context, Result};
use corten_vm::{Document, Machine, OnReset};

use crate::image::Image;
use crate::live::{Owner, Setting};
use crate::workshop::Workshop;

const RECIPE: &str = include_str!("managed.toml");

/// The image.
pub fn image(workshop: &Workshop) -> Result<Arc<Image>> {
    let recipe = workshop.path("managed.toml");
    std::fs::write(&recipe, RECIPE)?;
    workshop.image(recipe.to_str().context("the folder of the tests is no text")?)
}

/// A machine that starts that image without a loader.
pub fn machine(workshop: &Workshop, documents: Vec<Document>) -> Result<Machine> {
    let image = image(workshop)?;
    let machine = image.direct(image.command_line.clone(), image.disk.clone());
    Ok(Machine { configuration: documents, on_reset: OnReset::Restart, ..machine })
}

/// An owner with new keys, in a folder of that name.
pub fn owner(workshop: &Workshop, name: &str) -> Result<Owner> {
    Owner::new(workshop.path(&format!("{name}.owner")))
}

/// The owner of a scenario before.
pub fn same_owner(workshop: &Workshop, name: &str) -> Result<Owner> {
    Owner::open(&workshop.path(&format!("{name}.owner")))
}

/// That machine with a configuration of an owner, handed over by QEMU.
pub fn setting(workshop: &Workshop, name: &str, tables: &str) -> Result<Setting> {
    let owner = owner(workshop, name)?;
    let document = owner.document("10-test.toml", tables)?;
    Ok(Setting { machine: machine(workshop, vec![document])?, owner })
}
