//! Stage 2, from the verified root: mounts, names, groups, then services until the node stops.

use std::{fs, io, thread};

use corten_control::{BOOT_PATH, Boot};
use corten_services::{Requests, SERVICES_PATH, Service, Services};
use corten_sys::clock::monotonic_ms;
use corten_sys::{cache, host, loopback};

use crate::cmdline::CommandLine;
use crate::handover::{Handover, Root};
use crate::health::Health;
use crate::log::{Failure, Level, Log};
use crate::node::{self, Image, Node, Start};
use crate::state::{self, Bench, State};
use crate::sysctl::Pending;
use crate::watchdog::Watchdog;
use crate::{cgroup, entropy, facts, mounts, power};

/// Runs the node to its end. Returns only with a reason why it can't go on.
pub fn run(log: &Log, watchdog: &Watchdog, handover: &str) -> Failure {
    let Handover { mut timeline, root, esp, secure_boot } = match Handover::decode(handover) {
        Ok(handover) => handover,
        Err(why) => {
            return Failure::new("taking over from stage 1", why, "the boot image does not fit the root");
        }
    };
    // Before any thread is there: one that does not block them would be given them, and drop them.
    let signals = match node::signals() {
        Ok(signals) => signals,
        Err(error) => {
            return Failure::new("taking signals", error, "the kernel lacks a part that Corten needs");
        }
    };
    match prepare(&root, esp.as_deref(), secure_boot, Bench { log, watchdog, timeline: &mut timeline }) {
        Ok(Prepared { image, services, settings, state }) => {
            let health = Health::new(root, esp, &image);
            let start = Start { signals, image, services, state, settings, timeline, health };
            power::down(log, watchdog, Node::new(log, watchdog, start).run())
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

fn prepare(
    root: &Root,
    esp: Option<&str>,
    secure_boot: bool,
    mut bench: Bench<'_>,
) -> Result<Prepared, Failure> {
    let log = bench.log;
    let start = monotonic_ms();
    // The kernel reads and unpacks this program.
    bench.timeline.record_next("stage2.start", start);
    mounts::root(log).map_err(|error| Failure::new("mounting", error, BROKEN))?;
    let command_line = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let command_line = CommandLine::parse(&command_line)
        .map_err(|error| Failure::new("reading the kernel command line", error, BROKEN))?;
    let mounted = monotonic_ms();
    bench.timeline.record("stage2.mounts", start, mounted);
    let services = services().map_err(|why| Failure::new("reading the table of services", why, BROKEN))?;
    read_ahead(&services);
    // Control groups and some settings make the kernel wait for all processors, so they are written beside the rest.
    let (beside, state) = thread::scope(|scope| {
        let work = || Beside::work(log);
        let beside = thread::Builder::new().spawn_scoped(scope, work);
        let state = state::bring_up(root, &mut bench);
        entropy::start(log);
        let beside = beside.map(thread::ScopedJoinHandle::join);
        // Without a thread, or when it broke, the work is done here.
        (beside.ok().and_then(Result::ok).unwrap_or_else(|| Beside::work(log)), state)
    });
    let Beside { names, settings, names_end, settings_end } = beside;
    show_processes(&services, log);
    names.map_err(|error| Failure::new("setting up cgroups", error, BROKEN))?;
    bench.timeline.record("stage2.names", mounted, names_end);
    bench.timeline.record("stage2.sysctl", names_end, settings_end);
    let image = Image {
        version: facts::version(),
        root_hash: command_line.root_hash,
        selftest: command_line.selftest,
        scrub_delay: command_line.scrub_delay,
        secure_boot,
    };
    keep_boot(&image, &state, root, esp, log);
    Ok(Prepared { image, services, settings, state })
}

/// Lets the group of what manages the node see the processes of others.
fn show_processes(services: &Services, log: &Log) {
    let manages = |service: &&Service| service.requests == Requests::Everything && service.account.uid != 0;
    if let Some(service) = services.services.iter().find(manages)
        && let Err(error) = mounts::show_processes(service.account.gid)
    {
        log.write(Level::Warning, error);
    }
}

/// Writes down what this start is.
fn keep_boot(image: &Image, state: &State, root: &Root, esp: Option<&str>, log: &Log) {
    let (machine_id, maintenance) = match state {
        State::Mounted(kept) => (kept.machine_id.clone(), String::new()),
        State::None(Failure { what, why, hint }) => (String::new(), format!("{what}: {why}; {hint}")),
    };
    let boot = Boot {
        disk: root.disk.clone(),
        slot: root.slot.clone(),
        esp: esp.map(Into::into),
        version: image.version.clone(),
        root_hash: image.root_hash.to_string(),
        secure_boot: image.secure_boot,
        machine_id,
        maintenance,
    };
    let text = serde_json::to_vec(&boot).unwrap_or_default();
    if let Err(error) = fs::create_dir_all("/run/corten").and_then(|()| fs::write(BOOT_PATH, text)) {
        log.write(Level::Warning, format_args!("{BOOT_PATH}: {error}"));
    }
}

/// What does not need the disk.
struct Beside {
    names: io::Result<()>,
    settings: Pending,
    names_end: u64,
    settings_end: u64,
}

impl Beside {
    fn work(log: &Log) -> Self {
        let names = names_and_groups(log);
        let names_end = monotonic_ms();
        Self { names, settings: Pending::apply(log), names_end, settings_end: monotonic_ms() }
    }
}

fn names_and_groups(log: &Log) -> io::Result<()> {
    cgroup::prepare()?;
    let hostname = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let hostname = Some(hostname.trim()).filter(|name| !name.is_empty()).unwrap_or("corten");
    for result in [host::set_hostname(hostname), loopback::up(), host::ctrl_alt_del_to_init()] {
        if let Err(error) = result {
            log.write(Level::Warning, error);
        }
    }
    Ok(())
}

/// Has the programs of the services and of their checks read beside everything else: one processor would be idle, and
/// a program that starts is read piece by piece, each when it is needed. Nobody waits for it.
fn read_ahead(services: &Services) {
    let programs = services.services.iter().flat_map(|service| [service.exec.first(), service.ready.first()]);
    let programs: Vec<String> = programs.flatten().cloned().collect();
    let work = move || programs.iter().for_each(|program| cache::expect_program(program));
    // Without a thread, programs are read when they start.
    let _ = thread::Builder::new().spawn(work);
}

fn services() -> Result<Services, String> {
    let bytes = fs::read(SERVICES_PATH).map_err(|error| format!("{SERVICES_PATH}: {error}"))?;
    let table: Services =
        serde_json::from_slice(&bytes).map_err(|error| format!("{SERVICES_PATH}: {error}"))?;
    Services::ordered(table.services).map_err(|error| format!("{SERVICES_PATH}: {error}"))
}
