//! `corten node config`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use corten_client::config::Apply;

use super::times::trial;

/// Shows, checks and changes the machine configuration.
#[derive(Subcommand, Debug)]
pub enum ConfigCommand {
    /// Prints the configuration in force as TOML, secrets removed.
    Get {
        /// Show each value with the document and line that it is from.
        #[arg(long)]
        origin: bool,
    },
    /// Shows what applying a file would change, or what is wrong in it. Changes nothing.
    ///
    /// Exits with 14 if something is wrong.
    Check {
        /// The file: .toml, .yaml or .yml.
        file: PathBuf,
    },
    /// Puts a file in the place of what was applied before.
    ///
    /// What would change is shown first. Without --yes that is all: nothing is changed, and it exits with 2.
    Apply {
        /// The file: .toml, .yaml or .yml.
        file: PathBuf,
        /// When it comes into force.
        #[arg(long, value_enum, default_value_t = ApplyWhen::Now)]
        when: ApplyWhen,
        /// Go back to the configuration before by itself, unless `corten node config confirm` comes within this
        /// time: 10s to 1h. For changes that may cut you off, such as those of the network.
        #[arg(long, value_name = "TIME", value_parser = trial, conflicts_with = "when")]
        trial: Option<Duration>,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// Keeps a configuration that is on trial.
    Confirm,
    /// Shows what was applied before, newest first.
    History,
}

/// When a configuration comes into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ApplyWhen {
    /// At once.
    Now,
    /// At the next start of the node.
    AtReboot,
}

/// The same for the client.
pub fn how(when: ApplyWhen, trial: Option<Duration>) -> Apply {
    match (trial, when) {
        (Some(time), _) => Apply::Trial(time),
        (None, ApplyWhen::Now) => Apply::Now,
        (None, ApplyWhen::AtReboot) => Apply::AtReboot,
    }
}
