//! Stage 2, from the verified root: mounts, names, groups, then services until the node stops.

use std::{fs, thread};

use corten_config::{SERVICES_PATH, Services};
use corten_sys::clock::monotonic_ms;
use corten_sys::{host, loopback};

use crate::cmdline::CommandLine;
use crate::handover::Handover;
use crate::log::{Failure, Level, Log};
use crate::node::{Image, Node, Start};
use crate::sysctl::Pending;
use crate::timeline::Timeline;
use crate::watchdog::Watchdog;
use crate::{cgroup, entropy, facts, mounts, power};

/// Runs the node to its end. Returns only with a reason why it can't go on.
pub fn run(log: &Log, watchdog: &Watchdog, handover: Handover) -> Failure {
    let Handover { mut timeline, root: _ } = handover;
    match prepare(log, &mut timeline) {
        Ok((image, services, settings)) => {
            let start = Start { image, services, settings, timeline };
            match Node::new(log, watchdog, start) {
                Ok(mut node) => power::down(log, watchdog, node.run()),
                Err(error) => {
                    Failure::new("starting supervision", error, "the kernel lacks a part that Corten needs")
                }
            }
        }
        Err(failure) => failure,
    }
}

const BROKEN: &str = "the image is damaged or incomplete: build it again";

fn prepare(log: &Log, timeline: &mut Timeline) -> Result<(Image, Services, Pending), Failure> {
    let start = monotonic_ms();
    mounts::root(log).map_err(|error| Failure::new("mounting", error, BROKEN))?;
    let mounted = monotonic_ms();
    timeline.record("stage2.mounts", start, mounted);
    // Some settings make the kernel wait for all processors, so they are written beside the rest.
    let (settings, rest) = thread::scope(|scope| {
        let write = || (Pending::apply(log), monotonic_ms());
        let settings = thread::Builder::new().spawn_scoped(scope, write);
        let rest = names_and_groups(log);
        entropy::start(log);
        let settings = settings.map(|writer| writer.join().unwrap_or_default());
        (settings.unwrap_or_else(|_| write()), rest)
    });
    timeline.record("stage2.sysctl", mounted, settings.1);
    timeline.record("stage2.names", mounted, monotonic_ms());
    rest.map(|(image, services)| (image, services, settings.0))
}

fn names_and_groups(log: &Log) -> Result<(Image, Services), Failure> {
    cgroup::prepare().map_err(|error| Failure::new("setting up cgroups", error, BROKEN))?;
    let hostname = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let hostname = Some(hostname.trim()).filter(|name| !name.is_empty()).unwrap_or("corten");
    for result in [host::set_hostname(hostname), loopback::up(), host::ctrl_alt_del_to_init()] {
        if let Err(error) = result {
            log.write(Level::Warning, error);
        }
    }
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let command_line = CommandLine::parse(&command_line)
        .map_err(|error| Failure::new("reading the kernel command line", error, BROKEN))?;
    let services = services().map_err(|why| Failure::new("reading the table of services", why, BROKEN))?;
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
