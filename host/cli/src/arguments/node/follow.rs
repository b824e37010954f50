//! Subcommands of `corten node` that print lines as they come.

use clap::{Args, Subcommand};
use corten_client::follow::Since;

/// Which lines of a log.
#[derive(Args, Clone, Copy, Debug)]
pub struct Lines {
    /// Print new lines as they come, until Ctrl-C.
    #[arg(short, long)]
    pub follow: bool,
    /// Only the newest N lines; without it all that are kept.
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub tail: u32,
    /// Only lines from then on: how long ago by the node's clock (90s, 2h30m), or a moment
    /// (2026-11-28T07:36:41Z).
    #[arg(long, value_name = "TIME")]
    pub since: Option<Since>,
}

/// Follows nodes.
#[derive(Subcommand, Debug)]
pub enum FollowCommand {
    /// Prints what services, init, the kernel and containers say.
    ///
    /// A name is that of a service, or else of a workload: where both have the same name, it is the service that is
    /// meant, and --workload means the other. WORKLOAD/CONTAINER is always a container.
    Logs {
        /// A service, `corten` for init itself, `kernel`, a workload, or WORKLOAD/CONTAINER; without it everything but
        /// containers.
        source: Option<String>,
        /// The name is that of a workload, whatever services there are.
        #[arg(long, requires = "source")]
        workload: bool,
        #[command(flatten)]
        lines: Lines,
    },
    /// Prints what the kernel says: the same as `logs kernel`.
    Dmesg {
        #[command(flatten)]
        lines: Lines,
    },
    /// Prints what changes on the node as it happens, until Ctrl-C: services, containers, links, health, configuration.
    Events {
        /// First print those that happened before and are still kept.
        #[arg(long)]
        backlog: bool,
    },
}
