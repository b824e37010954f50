//! Stage 2, from the verified root: mounts, names, groups, then services until the node stops.

use std::fs;

use corten_config::{SERVICES_PATH, Services};
use corten_sys::clock::monotonic_ms;
use corten_sys::{host, loopback};

use crate::cmdline::CommandLine;
use crate::handover::Handover;
use crate::log::{Failure, Level, Log};
use crate::node::{Image, Node};
use crate::watchdog::Watchdog;
use crate::{cgroup, facts, mounts, power};

/// Runs the node to its end. Returns only with a reason why it can't go on.
pub fn run(log: &Log, watchdog: &Watchdog, handover: Handover) -> Failure {
    let Handover { mut timeline, root: _ } = handover;
    let start = monotonic_ms();
    match prepare(log) {
        Ok((image, services)) => {
            timeline.record("stage2.mounts", start, monotonic_ms());
            match Node::new((log, watchdog), image, services, &timeline) {
                Ok(mut node) => power::down(log, watchdog, node.run()),
                Err(error) => {
                    Failure::new("starting supervision", error, "the kernel lacks a part that Corten needs")
                }
            }
        }
        Err(failure) => failure,
    }
}

fn prepare(log: &Log) -> Result<(Image, Services), Failure> {
    let broken = "the image is damaged or incomplete: build it again";
    mounts::root(log).map_err(|error| Failure::new("mounting", error, broken))?;
    cgroup::prepare().map_err(|error| Failure::new("setting up cgroups", error, broken))?;
    let hostname = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let hostname = Some(hostname.trim()).filter(|name| !name.is_empty()).unwrap_or("corten");
    for result in [host::set_hostname(hostname), loopback::up(), host::ctrl_alt_del_to_init()] {
        if let Err(error) = result {
            log.write(Level::Warning, error);
        }
    }
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let command_line = CommandLine::parse(&command_line)
        .map_err(|error| Failure::new("reading the kernel command line", error, broken))?;
    let services = services().map_err(|why| Failure::new("reading the table of services", why, broken))?;
    let image = Image {
        version: facts::version(),
        root_hash: command_line.root_hash.to_string(),
        selftest: command_line.selftest,
    };
    Ok((image, services))
}

fn services() -> Result<Services, String> {
    let bytes = fs::read(SERVICES_PATH).map_err(|error| format!("{SERVICES_PATH}: {error}"))?;
    let table: Services =
        serde_json::from_slice(&bytes).map_err(|error| format!("{SERVICES_PATH}: {error}"))?;
    Services::ordered(table.services).map_err(|error| format!("{SERVICES_PATH}: {error}"))
}
