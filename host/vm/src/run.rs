//! Boots a machine and watches it until it is off.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use corten_report::{Event, Failed, Ready};

use crate::arguments::{Places, arguments};
use crate::channels::{self, Arrival, Waiting, What};
use crate::console::Tail;
use crate::control::Control;
use crate::disk::whole;
use crate::emulator::Emulator;
use crate::error::Error;
use crate::layer;
use crate::machine::{Accelerator, Boot, DiskFormat, Machine, Variables};
use crate::probe::{self, Choice};
use crate::process::Process;
use crate::qmp::{Command, Commands, Message, Origin, QmpEvent};
use crate::timeline::Timeline;
use crate::watch::{Act, End, Input, Limits, Until, Watch};

/// QEMU connects its channels before it looks at the machine; slower than this is not QEMU.
const CONNECT: Duration = Duration::from_secs(30);

/// What QEMU has done is looked at this often.
const LOOK: Duration = Duration::from_secs(1);

/// Wishes are looked at this often.
const POLL: Duration = Duration::from_millis(50);

/// A guest under KVM that gave no sign in this time does not run: with software emulation, ten times slower, the
/// firmware or kernel writes its first line earlier.
const SILENCE: Duration = Duration::from_secs(20);

/// How a machine is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What executes the guest.
    pub accelerator: Choice,
    /// What the run is for.
    pub until: Until,
    /// How long things may take.
    pub limits: Limits,
    /// File that gets every byte of the console.
    pub console_log: PathBuf,
}

/// What happens during a run, in order.
#[derive(Debug)]
pub enum RunEvent {
    /// What executes the guest, and how that was found out.
    Accelerator(Accelerator, String),
    /// QEMU was started with these arguments.
    Started(Vec<OsString>),
    /// A line of the console, printable.
    Console(String),
    /// The node reported, this long after power-on.
    Report(Duration, Event),
    /// Something happened to the machine, this long after power-on.
    Machine(Duration, QmpEvent),
    /// The power button is pressed.
    PowerButton,
    /// KVM does not run this guest, and why; the machine starts again with software emulation.
    FellBack(String),
    /// The guest stands still under software emulation and has reported nothing; the machine starts again.
    StoodStill,
}

/// What a run came to.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// What the node said when it was ready; of the last start, if it restarted.
    pub ready: Option<Ready>,
    /// What the node said when it failed.
    pub failed: Option<Failed>,
    /// Why the node has no state and runs nothing, if it said so.
    pub maintenance: Option<Failed>,
    /// What made the node stop in order, if it did: `power-button` and so on.
    pub stopping: Option<String>,
    /// How long each part of the last start took.
    pub timeline: Timeline,
    /// How often the machine was reset, by the guest or by its watchdog.
    pub resets: u32,
    /// How often its watchdog ran out, which each time is one of the resets, or the end.
    pub watchdog: u32,
    /// What executed the guest.
    pub accelerator: Accelerator,
    /// The last lines of the console.
    pub console_tail: Vec<String>,
    /// Seconds from power-on to off.
    pub length: Duration,
}

/// Boots a machine, tells what happens, and returns when it is off.
///
/// Where the choice of accelerator was ours and KVM proves unable to run this guest before the node's first
/// report, the machine is started once more with software emulation. One that stands still before that under software
/// emulation, or reports nothing for long, is started once more as well, and then has its whole time.
pub fn run(
    emulator: &Emulator,
    machine: &Machine,
    settings: &Settings,
    control: &Control,
    events: &mut dyn FnMut(RunEvent),
) -> Result<Outcome, Error> {
    check_inputs(machine)?;
    let (accelerator, why) = probe::choose(emulator, &settings.accelerator)?;
    events(RunEvent::Accelerator(accelerator, why));
    let doubted = accelerator == Accelerator::Kvm && matches!(settings.accelerator, Choice::Probe { .. });
    let silence = doubted.then_some(SILENCE);
    let attempt = Attempt { emulator, machine, settings, control };
    let watch = |silence| Watch::new(settings.until, settings.limits, silence);
    let first = match accelerator {
        Accelerator::Kvm => attempt.run(accelerator, watch(silence), events),
        Accelerator::Tcg => attempt.run(accelerator, watch(None).which_may_stand_still(), events),
    };
    let reason = match &first {
        Ok((outcome, Heard::Nothing)) => match &outcome.end {
            End::Standstill => {
                events(RunEvent::StoodStill);
                return attempt.run(accelerator, watch(None), events).map(|(outcome, _)| outcome);
            }
            End::Broken(_) | End::Died { .. } => outcome.end.to_string(),
            _ => return first.map(|(outcome, _)| outcome),
        },
        Err(error @ Error::EndedAtOnce { .. }) => error.to_string(),
        _ => return first.map(|(outcome, _)| outcome),
    };
    if !doubted {
        return first.map(|(outcome, _)| outcome);
    }
    events(RunEvent::FellBack(reason));
    attempt.run(Accelerator::Tcg, watch(None), events).map(|(outcome, _)| outcome)
}

/// Whether the node reported anything.
enum Heard {
    Nothing,
    Something,
}

struct Attempt<'a> {
    emulator: &'a Emulator,
    machine: &'a Machine,
    settings: &'a Settings,
    control: &'a Control,
}

impl Attempt<'_> {
    fn run(
        &self,
        accelerator: Accelerator,
        watch: Watch,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<(Outcome, Heard), Error> {
        // Not below the folder of the user's choice: the path of a Unix socket has 107 bytes at most.
        let folder = tempfile::Builder::new().prefix("corten-vm-").tempdir();
        let folder = folder.map_err(Error::host("creating a folder in", std::env::temp_dir()))?;
        let waiting = Waiting::in_folder(folder.path())?;
        let args = arguments(self.machine, &self.places(folder.path())?, accelerator);
        let log = &self.settings.console_log;
        let log = File::create(log).map_err(Error::host("creating", log))?;
        let mut command = self.emulator.command();
        command.args(&args);
        let stderr = folder.path().join("stderr");
        let stderr = File::options()
            .create(true)
            .append(true)
            .read(true)
            .open(&stderr)
            .map_err(Error::host("creating", stderr))?;
        let power_on = Instant::now();
        let mut process =
            Process::start(command, stderr).map_err(|source| self.emulator.not_started(source))?;
        events(RunEvent::Started(args));
        let connected = waiting.accept(CONNECT, || process.ended().is_some());
        let connected = connected.map_err(Error::host("accepting on", folder.path()))?;
        let Some(channels) = connected else {
            let message = process.message();
            return Err(match process.ended() {
                Some(status) => Error::EndedAtOnce { status: status.to_string(), message },
                None => Error::NoChannels { seconds: CONNECT.as_secs(), message },
            });
        };
        let (commands, arrivals) =
            channels.split(log).map_err(Error::host("talking to QEMU in", folder.path()))?;
        let mut watching = Watching::new(self, watch, power_on, commands);
        watching.until_gone(&mut process, &arrivals, events);
        Ok(watching.outcome(&mut process, accelerator))
    }

    fn places(&self, folder: &Path) -> Result<Places, Error> {
        let [console, report, qmp] = channels::paths(folder);
        let firmware = match &self.machine.boot {
            Boot::Kernel { .. } => None,
            Boot::Uefi { variables } => {
                let firmware = self.emulator.firmware(self.machine.secure_boot)?;
                let (file, template) = match variables {
                    Variables::Temporary => (folder.join("variables"), &firmware.variables),
                    Variables::CopyOf(template) => (folder.join("variables"), template),
                    Variables::Kept(file) => (file.clone(), &firmware.variables),
                };
                if !file.exists() {
                    whole(&file, |unfinished| {
                        fs::copy(template, unfinished).map_err(Error::host("copying", template)).map(drop)
                    })?;
                }
                Some((firmware.code.clone(), file))
            }
        };
        layer::make_all(self.machine, folder)?;
        Ok(Places { qmp, report, console, layers: folder.to_path_buf(), firmware })
    }
}

/// The files that QEMU will open and the ports that it will take, so that a person learns in our words what is
/// wrong. A port that is taken between this and QEMU's start is told in QEMU's.
fn check_inputs(machine: &Machine) -> Result<(), Error> {
    let mut files: Vec<(&'static str, &Path)> = Vec::new();
    if let Boot::Kernel { kernel, initrd, .. } = &machine.boot {
        files.push(("kernel", kernel));
        files.extend(initrd.iter().map(|initrd| ("initrd", initrd.as_path())));
    }
    // A socket can't be opened; if nobody listens there, QEMU says so.
    let images = machine.disks.iter().filter(|disk| disk.format != DiskFormat::Nbd);
    files.extend(images.map(|disk| ("disk image", disk.path.as_path())));
    for (what, path) in files {
        File::open(path).map_err(|source| Error::Input { what, path: path.into(), source })?;
    }
    for forward in &machine.forwards {
        let listener = std::net::TcpListener::bind(("127.0.0.1", forward.host));
        listener.map_err(|source| Error::Port { port: forward.host, source })?;
    }
    Ok(())
}

/// One QEMU that is being watched.
struct Watching<'a> {
    control: &'a Control,
    watch: Watch,
    commands: Commands,
    power_on: Instant,
    heard: Heard,
    ready: Option<Ready>,
    failed: Option<Failed>,
    maintenance: Option<Failed>,
    stopping: Option<String>,
    timeline: Timeline,
    resets: u32,
    watchdog: u32,
    tail: Tail,
}

impl<'a> Watching<'a> {
    fn new(attempt: &Attempt<'a>, watch: Watch, power_on: Instant, commands: Commands) -> Self {
        Self {
            control: attempt.control,
            watch,
            commands,
            power_on,
            heard: Heard::Nothing,
            ready: None,
            failed: None,
            maintenance: None,
            stopping: None,
            timeline: Timeline::new(Duration::ZERO),
            resets: 0,
            watchdog: 0,
            tail: Tail::default(),
        }
    }

    fn until_gone(
        &mut self,
        process: &mut Process,
        arrivals: &std::sync::mpsc::Receiver<Arrival>,
        events: &mut dyn FnMut(RunEvent),
    ) {
        use std::sync::mpsc::RecvTimeoutError;
        let mut looked = Instant::now();
        loop {
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                let act = self.watch.on(self.power_on.elapsed(), &Input::Worked(process.worked()));
                self.act(act, process, events);
            }
            for wish in self.control.take() {
                let act = self.watch.on(self.power_on.elapsed(), &Input::Wish(wish));
                self.act(act, process, events);
            }
            let now = self.power_on.elapsed();
            let wait = self.watch.deadline().map_or(POLL, |deadline| deadline.saturating_sub(now).min(POLL));
            let act = match arrivals.recv_timeout(wait) {
                Ok(arrival) => self.take_in(arrival, events),
                Err(RecvTimeoutError::Timeout) => self.watch.on(self.power_on.elapsed(), &Input::Time),
                // All channels are closed, so QEMU has ended or is about to.
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.act(act, process, events);
        }
    }

    fn take_in(&mut self, arrival: Arrival, events: &mut dyn FnMut(RunEvent)) -> Option<Act> {
        let at = arrival.at.saturating_duration_since(self.power_on);
        match arrival.what {
            What::Console(line) => {
                self.tail.push(&line);
                events(RunEvent::Console(line));
                self.watch.on(at, &Input::Console)
            }
            What::Report(event) => {
                self.heard = Heard::Something;
                self.timeline.on(at, &event);
                match &event {
                    Event::Ready(ready) => self.ready = Some(ready.clone()),
                    Event::Failed(failed) => self.failed = Some(failed.clone()),
                    Event::Maintenance(why) => self.maintenance = Some(why.clone()),
                    Event::Stopping { cause } => self.stopping = Some(cause.clone()),
                    _ => {}
                }
                let act = self.watch.on(at, &Input::Report(&event));
                events(RunEvent::Report(at, event));
                act
            }
            What::Message(message) => {
                let act = self.watch.on(at, &Input::Message(&message));
                if let Message::Event(event) = message {
                    match &event {
                        QmpEvent::Reset { by: Origin::Guest, .. } => self.restarted(at),
                        QmpEvent::Watchdog { .. } => self.watchdog += 1,
                        _ => {}
                    }
                    events(RunEvent::Machine(at, event));
                }
                act
            }
        }
    }

    /// What was reported until now belongs to the start before.
    fn restarted(&mut self, at: Duration) {
        self.resets += 1;
        self.timeline = Timeline::new(at);
        self.ready = None;
        self.failed = None;
        self.maintenance = None;
        self.stopping = None;
    }

    fn act(&mut self, act: Option<Act>, process: &mut Process, events: &mut dyn FnMut(RunEvent)) {
        // A command that can't be sent has no effect, which the limits notice.
        match act {
            None => {}
            Some(Act::PowerButton) => {
                events(RunEvent::PowerButton);
                let _ = self.commands.send(Command::PowerButton);
            }
            Some(Act::AskStatus) => {
                let _ = self.commands.send(Command::Status);
            }
            Some(Act::Kill) => process.kill(),
        }
    }

    fn outcome(self, process: &mut Process, accelerator: Accelerator) -> (Outcome, Heard) {
        let length = self.power_on.elapsed();
        // QEMU closes its channels at its very end; one that stays after that is ended.
        let patience = Instant::now() + Duration::from_secs(2);
        while process.ended().is_none() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(2));
        }
        process.kill();
        let status = process.ended().map_or_else(|| "unknown".to_owned(), |status| status.to_string());
        let outcome = Outcome {
            end: self.watch.end(status, process.message()),
            ready: self.ready,
            failed: self.failed,
            maintenance: self.maintenance,
            stopping: self.stopping,
            timeline: self.timeline,
            resets: self.resets,
            watchdog: self.watchdog,
            accelerator,
            console_tail: self.tail.into_lines(),
            length,
        };
        (outcome, self.heard)
    }
}
