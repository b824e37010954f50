//! `corten oci inspect`.

use anyhow::Result;
use corten_oci::source::{Listed, Opened, Source as _, SourceError, load_all};

use super::choose::{self, choose, one_name, open};
use super::view::{Shown, list, screen};
use crate::arguments::{Form, InspectArguments};
use crate::exit::Exit;
use crate::output::put;

/// Runs the command.
pub fn inspect(arguments: &InspectArguments) -> Result<Exit> {
    let InspectArguments { from, image, form } = arguments;
    let opened = open(from)?;
    let name = one_name(from.name.as_deref(), image.as_deref())?;
    let wanted: Vec<&Listed> = match name {
        Some(name) => vec![choose(&opened, from, Some(name))?],
        None => opened.images().iter().collect(),
    };
    let shown = wanted.into_iter().map(|listed| shown(&opened, listed)).collect::<Result<Vec<_>, _>>();
    let shown = shown.map_err(|error| choose::from(from, error.into()))?;
    let text = match (form, &shown[..]) {
        (Form::Json, all) => serde_json::to_string_pretty(all)? + "\n",
        (Form::Table, [only]) => screen(only),
        (Form::Table, []) => "no images\n".to_owned(),
        (Form::Table, all) => list(all),
    };
    put(&text)?;
    Ok(Exit::Done)
}

fn shown(opened: &Opened, listed: &Listed) -> Result<Shown, SourceError> {
    Ok(Shown::new(listed, &load_all(opened, &listed.descriptor)?))
}
