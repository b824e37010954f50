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
            None if arguments.output.is_none() || !arguments.files.are_named() => {
                Err(NoChoice::Contradiction(
                    "name a recipe, or files with --add; -o FILE says where an image of files goes",
                )
                .into())
            }
            None => files::pack(arguments),
        },
    }
}
