//! `corten config`.

use std::path::PathBuf;

use corten_config::HostName;

use super::value;

/// Starts, checks and compares machine configurations: what makes one machine different from another of the same image.
///
/// A configuration is a file in TOML (.toml) or YAML (.yaml, .yml). Several of them are laid over one another in the
/// order in which they are named, as on a node those of the image, of the platform and of its operator: tables are
/// merged by their keys, and a later value takes the place of an earlier one. A list is one value, which a later list
/// replaces as a whole.
///
/// Nothing here talks to a node: for that there is `corten node config`.
#[derive(clap::Subcommand, Debug)]
pub enum MachineConfigCommand {
    /// Prints a configuration to start from, with comments on what is written most.
    ///
    /// It can be applied as it is: every card asks for an address. All keys, with what each means, are in the schema
    /// that `corten config schema` prints.
    New {
        /// Name of the machine.
        #[arg(long, value_name = "NAME", value_parser = value::<HostName>)]
        hostname: Option<HostName>,
    },
    /// Says everything that is wrong with a configuration, with lines and what was expected.
    ///
    /// Of several files each is checked by itself, and all of them laid over one another.
    Check {
        /// Configurations, the last one on top.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Prints the configuration that files make together, as TOML and without secrets.
    Show {
        /// Configurations, the last one on top.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Say at each value in which file and line it was written.
        #[arg(long)]
        origin: bool,
        /// Print private keys and passwords as they are.
        #[arg(long)]
        secrets: bool,
    },
    /// Shows which keys differ between two configurations: `-` was, `+` is.
    ///
    /// Order, comments and language don't matter. Of secrets it is said that they differ, not what they are.
    Diff {
        /// What was.
        old: PathBuf,
        /// What is.
        new: PathBuf,
    },
    /// Prints the JSON Schema of configurations, for editors.
    Schema,
}
