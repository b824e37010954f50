//! `corten oci`.

mod choose;
mod copy;
mod files;
mod inspect;
mod pack;
mod view;
mod written;

use anyhow::Result;

pub use choose::NoChoice;

use crate::arguments::OciCommand;
use crate::exit::Exit;

/// Runs the command.
pub fn oci(command: &OciCommand) -> Result<Exit> {
    match command {
        OciCommand::Inspect(arguments) => inspect::inspect(arguments),
        OciCommand::Copy(arguments) => copy::copy(arguments),
        OciCommand::Pack(arguments) => match &arguments.recipe {
            Some(recipe) => pack::pack(recipe, arguments),
            None => files::pack(arguments),
        },
    }
}
