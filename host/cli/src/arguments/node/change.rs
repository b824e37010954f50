//! Subcommands of `corten node` that change what a node does.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use corten_client::tell::Reset;

use super::times::duration;

/// Changes nodes.
#[derive(Subcommand, Debug)]
pub enum ChangeCommand {
    /// Stops a service and starts it again.
    Restart {
        /// The service, as `corten node services` shows it.
        service: String,
    },
    /// Stops all services in order and starts the machine again.
    Reboot {
        /// Wait until the node answers again. Exits with 8 if it does not in time.
        #[arg(long)]
        wait: bool,
        /// How long to wait: 90s, 5m.
        #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration, requires = "wait")]
        timeout: Duration,
    },
    /// Stops all services in order and switches the machine off.
    Poweroff,
    /// Restarts the machine and makes partitions anew: what they hold is lost.
    ///
    /// Without --yes it says what would be lost, changes nothing and exits with 2.
    Reset {
        /// What to make anew; can be given more than once.
        #[arg(long, value_enum, required = true)]
        partition: Vec<ResetPartition>,
        /// Switch the machine off in place of starting it again.
        #[arg(long)]
        power_off: bool,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
    /// Fetches an archive with everything that a bug report needs: logs, configuration, state of the network and
    /// services, with secrets removed.
    Support {
        /// The file, a tar archive compressed with gzip; NODE-support.tar.gz if it is not given. With several nodes
        /// each has a file of its own, and this is the folder.
        // Its name within clap is another one than that of the global flag for the form of answers.
        #[arg(id = "archive", long = "output", value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// What can be made anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResetPartition {
    /// Everything that the node keeps: configuration, keys, containers, audit log.
    State,
    /// The version in the slot that does not run.
    OtherSlot,
}

impl ResetPartition {
    /// The same for the client.
    pub fn reset(self) -> Reset {
        match self {
            Self::State => Reset::State,
            Self::OtherSlot => Reset::OtherSlot,
        }
    }
}
