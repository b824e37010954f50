//! The child that marks partitions to be made anew at the next start. Once it ended well, init restarts the machine.

use std::fs;
use std::process::ExitCode;

use corten_control::{BOOT_PATH, Boot};
use corten_disk::{Disk, reset};
use corten_formats::verity::RootHash;
use corten_update::Digits;

use crate::health::open_esp;

/// Marks each of the partitions by its name. The state comes last, whatever the order: once it is marked there is no way
/// back, and what fails before that leaves it alone.
pub fn run(names: &[String]) -> ExitCode {
    let (state, others): (Vec<_>, Vec<_>) = names.iter().partition(|name| *name == "state");
    match others.iter().chain(&state).try_for_each(|name| one(name)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn one(name: &str) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let boot: Boot = fs::read(BOOT_PATH)
        .map_err(|error| format!("{BOOT_PATH}: {error}"))
        .and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| format!("{BOOT_PATH}: {error}")))?;
    let disk = Disk::named(&boot.disk).ok_or_else(|| format!("there is no disk {:?} any more", boot.disk))?;
    match name {
        "state" => reset::state(&disk).map_err(|error| text(&error)),
        "other-slot" => {
            if let Some(esp) = &boot.esp {
                let own: RootHash = boot.root_hash.parse().map_err(|error| text(&error))?;
                let mut volume = open_esp(esp)?;
                volume.remove_others(Digits::of(&own)).map_err(|error| text(&error))?;
                volume.finish().map_err(|error| text(&error))?;
            }
            reset::other_slot(&disk, &boot.slot).map_err(|error| text(&error))
        }
        _ => Err(format!("{name:?} is no partition that can be made anew: expected state or other-slot")),
    }
}
