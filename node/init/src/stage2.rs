//! Stage 2, from the verified root: mounts, names, groups, then services until the node stops.

use std::{fs, thread};

use corten_config::{SERVICES_PATH, Services};
use corten_sys::clock::monotonic_ms;
use corten_sys::{host, loopback};

use crate::cmdline::CommandLine;
use crate::handover::{Handover, Root};
use crate::health::Health;
use crate::log::{Failure, Level, Log};
use crate::node::{Image, Node, Start};
use crate::state::{self, Bench, State};
use crate::sysctl::Pending;
use crate::watchdog::Watchdog;
use crate::{cgroup, entropy, facts, mounts, power};

/// Runs the node to its end. Returns only with a reason why it can't go on.
pub fn run(log: &Log, watchdog: &Watchdog, handover: Handover) -> Failure {
    let Handover { mut timeline, root, esp, secure_boot } = handover;
    match prepare(root.clone(), Bench { log, watchdog, timeline: &mut timeline }) {
        Ok(Prepared { mut image, services, settings, state }) => {
            image.secure_boot = secure_boot;
            let health = Health::new(root, esp, &image);
            let start = Start { image, services, state, settings, timeline, health };
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

/// What stage 2 made and found before any service starts.
struct Prepared {
    image: Image,
    services: Services,
    settings: Pending,
    state: State,
}

fn prepare(root: Option<Root>, mut bench: Bench<'_>) -> Result<Prepared, Failure> {
    let log = bench.log;
    let start = monotonic_ms();
    mounts::root(log).map_err(|error| Failure::new("mounting", error, BROKEN))?;
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let command_line = CommandLine::parse(&command_line)
        .map_err(|error| Failure::new("reading the kernel command line", error, BROKEN))?;
    let mounted = monotonic_ms();
    bench.timeline.record("stage2.mounts", start, mounted);
    // Some settings make the kernel wait for all processors, so they are written beside the rest.
    let ((settings, written), state, services) = thread::scope(|scope| {
        let write = || (Pending::apply(log), monotonic_ms());
        let settings = thread::Builder::new().spawn_scoped(scope, write);
        let state = state::bring_up(root, &command_line, &mut bench);
        let names = monotonic_ms();
        let services = names_and_groups(log);
        entropy::start(log);
        bench.timeline.record("stage2.names", names, monotonic_ms());
        let settings = settings.map(|writer| writer.join().unwrap_or_default());
        (settings.unwrap_or_else(|_| write()), state, services)
    });
    bench.timeline.record("stage2.sysctl", mounted, written);
    let image = Image {
        version: facts::version(),
        root_hash: command_line.root_hash.to_string(),
        selftest: command_line.selftest,
        scrub_delay: command_line.scrub_delay,
        secure_boot: false,
    };
    Ok(Prepared { image, services: services?, settings, state })
}

fn names_and_groups(log: &Log) -> Result<Services, Failure> {
    cgroup::prepare().map_err(|error| Failure::new("setting up cgroups", error, BROKEN))?;
    let hostname = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let hostname = Some(hostname.trim()).filter(|name| !name.is_empty()).unwrap_or("corten");
    for result in [host::set_hostname(hostname), loopback::up(), host::ctrl_alt_del_to_init()] {
        if let Err(error) = result {
            log.write(Level::Warning, error);
        }
    }
    services().map_err(|why| Failure::new("reading the table of services", why, BROKEN))
}

fn services() -> Result<Services, String> {
    let bytes = fs::read(SERVICES_PATH).map_err(|error| format!("{SERVICES_PATH}: {error}"))?;
    let table: Services =
        serde_json::from_slice(&bytes).map_err(|error| format!("{SERVICES_PATH}: {error}"))?;
    Services::ordered(table.services).map_err(|error| format!("{SERVICES_PATH}: {error}"))
}
