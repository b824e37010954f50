//! Subcommands of `corten node` that look and change nothing.

use std::time::Duration;

use clap::Subcommand;

use super::times::duration;

/// Looks at nodes.
#[derive(Subcommand, Debug)]
pub enum LookCommand {
    /// Shows what the node is: its version, how long it has been up, what it uses.
    ///
    /// The one question that a node in maintenance answers.
    Info,
    /// Shows whether the node is healthy, and each check with what it found.
    ///
    /// Exits with 0 if it is healthy, and with 8 if it is not, or was not in time.
    Health {
        /// Ask again until it is healthy, or the time is over.
        #[arg(long)]
        wait: bool,
        /// How long to wait: 90s, 5m.
        #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration, requires = "wait")]
        timeout: Duration,
    },
    /// Shows the services, or everything about one.
    Services {
        /// The service.
        name: Option<String>,
    },
    /// Shows the processes, each below the one that started it.
    Processes,
    /// Shows the disks and their partitions.
    Disks,
    /// Shows what is mounted, and how full it is.
    Mounts,
    /// Shows the network links, and whom the node asks for names and the time.
    Links,
    /// Shows the addresses of the links, and where each is from.
    Addresses,
    /// Shows the routes.
    Routes,
    /// Shows the sockets: what listens, and who is connected.
    Sockets,
    /// Prints counters and gauges as OpenMetrics text, as the configured endpoint gives them too.
    Metrics,
    /// Draws where the time of the last start went.
    Timeline,
    /// Shows who changed what, oldest first.
    Audit {
        /// Only the newest N entries; without it all that are kept.
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        tail: u32,
    },
}
