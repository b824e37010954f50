//! `corten man`.

use std::path::Path;

use anyhow::{Context, Result};
use clap::CommandFactory as _;

use crate::arguments::Arguments;
use crate::exit::Exit;

/// Runs the command.
pub fn man(folder: &Path) -> Result<Exit> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    // The name of the program is not that of its package, and `help` needs no page of its own for each command.
    let command = Arguments::command().name("corten").disable_help_subcommand(true);
    clap_mangen::generate_to(command, folder).with_context(|| folder.display().to_string())?;
    name_exit_codes(&folder.join("corten.1"))?;
    Ok(Exit::Done)
}

/// What stands after the help has the heading `EXTRA`; the exit codes, which are all of it, have one of their own in
/// manual pages.
fn name_exit_codes(page: &Path) -> Result<()> {
    let at = || page.display().to_string();
    let text = std::fs::read_to_string(page).with_context(at)?;
    let text = text.replacen(".SH EXTRA\nExit codes:\n", ".SH \"EXIT STATUS\"\n", 1);
    std::fs::write(page, text).with_context(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        found.push(format!("{name}.1"));
        for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
            pages(below, &format!("{name}-{}", below.get_name()), found);
        }
    }

    #[test]
    fn every_command_has_a_page_of_its_own() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let place = folder.path().join("man1");
        man(&place).expect("it is written");
        let mut expected = Vec::new();
        pages(&Arguments::command(), "corten", &mut expected);
        let read = std::fs::read_dir(&place).expect("it is there");
        let mut found: Vec<_> =
            read.map(|entry| entry.expect("it is read").file_name().to_string_lossy().into_owned()).collect();
        expected.sort();
        found.sort();
        assert_eq!(found, expected);
        let page = std::fs::read_to_string(place.join("corten-node-config-apply.1")).expect("it is there");
        let first = std::fs::read_to_string(place.join("corten.1")).expect("it is there");
        assert!(first.contains(".SH \"EXIT STATUS\"\n  0  done\n") && !first.contains("EXTRA"), "{first}");
        assert!(page.contains(".SH SYNOPSIS") && page.contains("corten node config apply"), "{page}");
    }
}
