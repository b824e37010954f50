//! `corten tools`.

use std::path::PathBuf;

use clap::ValueEnum;
use corten_archive::tools::sets::{self, Set};

use super::ArchiveOptions;

/// Fetches tools from the archive into the store, without installing them.
#[derive(clap::Subcommand, Debug)]
pub enum ToolsCommand {
    /// Writes a starter for each program of a set into a folder; the programs themselves stay in the store.
    Install {
        /// The set.
        #[arg(long, value_enum, default_value_t = ToolSet::Test)]
        set: ToolSet,
        /// Where the starters go.
        folder: PathBuf,
        /// Where packages come from.
        #[command(flatten)]
        archive: ArchiveOptions,
    },
}

/// A set of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ToolSet {
    /// QEMU and firmware, for `corten run`.
    Run,
    /// Other people's readers of what Corten writes.
    Test,
}

impl ToolSet {
    /// What it is made of.
    pub fn set(self) -> Set {
        match self {
            Self::Run => sets::QEMU,
            Self::Test => sets::CHECKERS,
        }
    }
}
