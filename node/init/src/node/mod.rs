//! A running node: one loop that turns signals, ended processes, the power button, announced devices and the time
//! into events for the supervisor, and does what it says.

mod actions;
mod asked;
mod disks;
mod health;
mod hotplug;
mod programs;
mod readiness;
mod requests;
mod wait;

use std::collections::{BTreeMap, BTreeSet};

use corten_control::Status;
use corten_formats::verity::RootHash;
use corten_report::{Event, Failed};
use corten_services::{Kill, Maintenance, Restart, Service, Services};
use corten_sys::clock::monotonic_ms;
use corten_sys::host::Down;
use corten_sys::process::{self, Exit};
use corten_sys::signal::{Signal, Signals};
use corten_sys::{Result, aside};

use crate::button::Buttons;
use crate::cgroup;
use crate::cmdline::Selftest;
use crate::health::{Health, Stop};
use crate::log::{Failure, Level, Log};
use crate::power::LAST_WRITES_MS;
use crate::report::Reporter;
use crate::state::State;
use crate::supervisor::{Check, Ending, Input, Supervisor, Unit};
use crate::sysctl::Pending;
use crate::timeline::Timeline;
use crate::watchdog::Watchdog;

use asked::{Waiting, Work};
use hotplug::{Hotplug, Seen};
use programs::{Ended, Programs, Role};
use readiness::Gate;
use requests::Requests;
use wait::Readable;

/// What the running image is, and what is tried before it counts as ready.
#[derive(Clone, Debug)]
pub struct Image {
    /// VERSION_ID.
    pub version: String,
    /// dm-verity root hash.
    pub root_hash: RootHash,
    /// What is tried.
    pub selftest: Selftest,
    /// Seconds from ready to the first scrub.
    pub scrub_delay: u32,
    /// Whether the firmware said that it started signed programs alone.
    pub secure_boot: bool,
}

/// What the node starts with.
#[derive(Debug)]
pub struct Start {
    /// From [`signals`].
    pub signals: Signals,
    /// The running image.
    pub image: Image,
    /// What it is to run.
    pub services: Services,
    /// What it keeps over reboots. Without it no service runs.
    pub state: State,
    /// Kernel settings whose modules are not there yet.
    pub settings: Pending,
    /// The boot so far.
    pub timeline: Timeline,
    /// What follows from how the start goes.
    pub(crate) health: Health,
}

/// What PID 1 takes signals from; to be made before any thread of it. SIGTERM powers off, SIGINT restarts (Ctrl-Alt-Del
/// sends it). The kernel keeps all other signals that have no handler away from PID 1.
pub fn signals() -> Result<Signals> {
    Signals::new(&[Signal::CHILD, Signal::TERM, Signal::INT])
}

/// The rest of a service's group is looked at again after this time.
const REST_AGAIN_MS: u64 = 100;
/// A file system that grows for longer than this when all else has stopped is left as it is: it is whole at any moment.
const GROW_MS: u64 = 300_000;
/// Time between two attempts to write to a host that does not read.
const REPORT_AGAIN_MS: u64 = 200;

/// The node.
#[derive(Debug)]
pub struct Node<'a> {
    log: &'a Log,
    watchdog: &'a Watchdog,
    signals: Signals,
    reporter: Reporter,
    buttons: Buttons,
    requests: Requests,
    hotplug: Hotplug,
    table: Vec<Service>,
    supervisor: Supervisor,
    programs: Programs<'a>,
    gate: Gate,
    /// When the loop began, and with it the search for drivers.
    began_ms: u64,
    /// When each service was last started.
    started_ms: Vec<u64>,
    selftest: Selftest,
    settings: Pending,
    timeline: Timeline,
    /// The device whose file system is to grow beside the services.
    grows: Option<String>,
    health: Health,
    going: Option<Down>,
    /// Services whose main process ended while the node stops, and what else is in their group did not yet.
    rests: BTreeSet<usize>,
    /// When the last service had stopped.
    stopped_ms: Option<u64>,
    /// What is being done for a client that waits for it.
    working: BTreeMap<Work, Waiting>,
    /// When a refusal was last written to the log.
    refusal_ms: Option<u64>,
    /// Disks that were there when the configuration was collected last.
    disks: BTreeSet<String>,
    /// What those who watch were told last.
    shown: Vec<Status>,
}

impl<'a> Node<'a> {
    /// A node whose services all wait.
    pub fn new(log: &'a Log, watchdog: &'a Watchdog, start: Start) -> Self {
        let Start { signals, image, services, state, settings, timeline, health } = start;
        let (grows, kept, maintenance) = match state {
            State::Mounted(kept) => (kept.grows.clone(), Some(kept), None),
            State::None(why) => (None, None, Some(why)),
        };
        let runs = |service: &Service| maintenance.is_none() || service.maintenance == Maintenance::Runs;
        let table: Vec<Service> = services.services.into_iter().filter(runs).collect();
        let units = Unit::all(&table);
        let mut node = Self {
            log,
            watchdog,
            signals,
            reporter: Reporter::open(),
            buttons: Buttons::default(),
            requests: Requests::listen(log),
            hotplug: Hotplug::listen(log),
            began_ms: monotonic_ms(),
            started_ms: vec![0; table.len()],
            supervisor: Supervisor::new(units),
            programs: Programs::new(log),
            selftest: image.selftest,
            settings,
            timeline,
            health,
            gate: Gate::new(image, kept, monotonic_ms()),
            grows,
            table,
            going: None,
            rests: BTreeSet::new(),
            stopped_ms: None,
            working: BTreeMap::new(),
            refusal_ms: None,
            disks: disks::names(),
            shown: Vec::new(),
        };
        if let Some(before) = node.timeline.before_kernel {
            node.reporter.send(&Event::BeforeKernel(before));
        }
        for step in node.timeline.steps() {
            node.reporter.send(&Event::Step(step.clone()));
        }
        node.keep_timeline();
        if let Some(why) = maintenance {
            node.maintain(&why);
        }
        node
    }

    /// Says that nothing will run, and why. The node stays up, since a restart would change nothing; but a version on
    /// trial may be the reason, so it gives way.
    fn maintain(&mut self, why: &Failure) {
        self.gate.close();
        self.log.show(
            why,
            "maintenance: nothing runs but what you need to get out of it; the power button stops the node",
        );
        let Failure { what, why, hint } = why.clone();
        self.reporter.send(&Event::Maintenance(Failed { what, why, hint }));
        self.health.schedule.maintenance(monotonic_ms());
    }

    /// Runs until everything is stopped, and says how the machine is to go down.
    pub fn run(&mut self) -> Down {
        if let Some(device) = self.grows.take() {
            let words = [corten_disk::state::GROW.into(), device];
            if let Err(error) = self.programs.own(Role::Grow, "resize2fs", &words) {
                self.log.write(Level::Error, format_args!("resize2fs: {error}"));
            }
        }
        self.feed(Input::Time);
        self.hotplug.load(&mut self.programs, self.log);
        while !self.is_done(monotonic_ms()) {
            if let Err(error) = self.turn() {
                self.log.write(Level::Error, error);
            }
        }
        self.programs.drain(monotonic_ms());
        self.reporter.flush();
        let mut feed = self.watchdog.feeder(self.log, LAST_WRITES_MS);
        aside::work(|| self.health.stopped(self.log), &mut feed);
        self.going.unwrap_or(Down::PowerOff)
    }

    /// Whether nothing has to be waited for any more. A file system that grows is left to finish that.
    fn is_done(&self, now: u64) -> bool {
        self.grows_until().is_none_or(|until| now >= until) && self.stopped_ms.is_some()
    }

    /// When a stopped node does not wait any longer for the file system that still grows.
    fn grows_until(&self) -> Option<u64> {
        let stopped = self.stopped_ms.filter(|_| self.programs.runs(Role::Grow));
        stopped.map(|stopped| stopped.saturating_add(GROW_MS))
    }

    /// Waits for whatever comes next and deals with it.
    fn turn(&mut self) -> Result<()> {
        let timeout = self.next_deadline().map(|deadline| deadline.saturating_sub(monotonic_ms()));
        let timeout = timeout.into_iter().chain(self.watchdog.interval_ms()).min();
        let Readable { outputs, buttons } = self.wait(timeout)?;
        let now = monotonic_ms();
        self.programs.read(&outputs, now);
        if self.buttons.pressed(&buttons) {
            self.stop(Down::PowerOff, "power-button", Stop::Wanted);
        }
        self.take_requests();
        let announced = self.hotplug.take_in(self.log);
        if announced.input_devices == Seen::Yes {
            self.buttons.scan();
        }
        if announced.modules_or_links == Seen::Yes {
            self.settings.announced(now);
        }
        self.settings.again(now, self.log);
        self.take_signals()?;
        self.reap()?;
        self.look_at_rests();
        self.hotplug.load(&mut self.programs, self.log);
        self.feed(Input::Time);
        self.check_readiness();
        self.tend_health();
        self.tell_changes();
        self.reporter.flush();
        // Last, so that a loop that gets no further than an error is a hang too.
        self.watchdog.feed(self.log);
        Ok(())
    }

    fn next_deadline(&self) -> Option<u64> {
        let report = self.reporter.is_waiting().then(|| monotonic_ms() + REPORT_AGAIN_MS);
        let deadlines = [
            self.supervisor.deadline(),
            self.gate.deadline(),
            self.settings.deadline(),
            self.requests.deadline(),
            self.health.schedule.deadline(),
            self.grows_until(),
            (!self.rests.is_empty()).then(|| monotonic_ms() + REST_AGAIN_MS),
            report,
        ];
        deadlines.into_iter().flatten().min()
    }

    fn take_signals(&mut self) -> Result<()> {
        while let Some(signal) = self.signals.next()? {
            match signal {
                signal if signal == Signal::TERM.as_raw() => {
                    self.stop(Down::PowerOff, "signal", Stop::Wanted);
                }
                signal if signal == Signal::INT.as_raw() => self.stop(Down::Restart, "signal", Stop::Wanted),
                // SIGCHLD: what ended is taken by reap, whether a signal was seen or not.
                _ => {}
            }
        }
        Ok(())
    }

    fn reap(&mut self) -> Result<()> {
        while let Some((pid, exit)) = process::reap()? {
            if let Some(ended) = self.programs.ended(pid, exit, monotonic_ms()) {
                self.on_end(ended);
            }
        }
        Ok(())
    }

    fn on_end(&mut self, ended: Ended) {
        let Ended { role, exit, last_line } = ended;
        match role {
            Role::Main(at) => {
                let Some(service) = self.table.get(at) else { return };
                if self.going.is_none() {
                    // What runs once, or until its work is done, is expected to end.
                    let expected = exit == Exit::Code(0) && service.restart != Restart::Always;
                    let level = if expected { Level::Info } else { Level::Warning };
                    self.log.write(level, format_args!("{} ended by itself with {exit}", service.name));
                }
                self.programs.end_check(at);
                let found = match exit {
                    Exit::Code(0) if service.restart != Restart::Always => last_line,
                    _ => format!("ended with {exit}: {last_line}"),
                };
                self.gate.found(&service.name, &found);
                if service.kill == Kill::Group {
                    if self.going.is_some() {
                        // What is left of the group has its time, and what the service came after runs until then.
                        self.rests.insert(at);
                        return;
                    }
                    self.end_group(at);
                }
                let ending = if exit == Exit::Code(0) { Ending::Success } else { Ending::Failure };
                self.feed(Input::Ended(at, ending));
            }
            Role::Check(at) => {
                let found = if exit == Exit::Code(0) { Check::Ready } else { Check::NotReady };
                if let Some(service) = self.table.get(at) {
                    self.gate.found(&service.name, &last_line);
                }
                self.feed(Input::Checked(at, found));
            }
            Role::Selftest => self.gate.selftest_ended(exit, &last_line),
            Role::Coldplug => {
                self.step("drivers", self.began_ms, monotonic_ms());
                self.buttons.scan();
                self.hotplug.coldplug_ended();
                self.settings.devices_settled(self.log);
                self.gate.devices_settled();
                self.look_for_disks();
            }
            Role::Drivers => self.hotplug.drivers_ended(),
            Role::Grow => {
                let level = if exit == Exit::Code(0) { Level::Notice } else { Level::Error };
                self.log.write(level, format_args!("growing the state ended with {exit}: {last_line}"));
            }
            Role::Health(task) => self.health_ended(task, exit, &last_line),
            Role::Work(work) => self.work_ended(work, exit, &last_line),
        }
    }

    /// Counts those services as ended whose group is empty now.
    fn look_at_rests(&mut self) {
        let table = &self.table;
        let empty =
            |at: &usize| table.get(*at).is_none_or(|service| cgroup::processes(&service.name).is_empty());
        let ended: Vec<usize> = self.rests.iter().copied().filter(empty).collect();
        for at in ended {
            self.rests.remove(&at);
            self.feed(Input::Ended(at, Ending::Success));
        }
    }

    /// Begins the orderly stop. Asking again changes nothing.
    fn stop(&mut self, how: Down, cause: &str, why: Stop) {
        if self.going.is_some() {
            return;
        }
        self.going = Some(how);
        self.gate.close();
        self.health.stopping(why);
        self.log.write(Level::Notice, format_args!("stopping, cause: {cause}"));
        self.reporter.send(&Event::Stopping { cause: cause.into() });
        self.feed(Input::Stop);
    }

    fn keep_timeline(&self) {
        if let Err(error) = self.timeline.keep() {
            self.log.write(Level::Warning, format_args!("timeline: {error}"));
        }
    }

    fn check_readiness(&mut self) {
        let not_ready = self.supervisor.not_ready();
        let names: Vec<&str> = not_ready
            .iter()
            .filter_map(|at| self.table.get(*at))
            .map(|service| service.name.as_str())
            .collect();
        if let Some(event) = self.gate.judge(monotonic_ms(), &names, self.log) {
            self.reporter.send(&event);
            self.programs.ready(&self.table);
            self.judge_health(&event);
            if let Event::Ready(ready) = &event {
                self.timeline.ready_ms = ready.kernel_to_ready_ms;
            }
            self.keep_timeline();
            if self.selftest == Selftest::Hang && matches!(event, Event::Ready(_)) {
                self.hang();
            }
        }
    }

    /// Stops the event loop for good, so that an operator sees the watchdog do its work.
    fn hang(&mut self) {
        self.reporter.flush();
        self.watchdog.feed(self.log);
        self.log.write(
            Level::Notice,
            "selftest: init hangs from now on, until the watchdog restarts the machine",
        );
        loop {
            std::thread::park();
        }
    }
}
