//! The processes that PID 1 started: what each is for, and what it prints.

use std::collections::BTreeMap;
use std::io::{PipeReader, Read as _, pipe};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;
use std::process::{Command, Stdio};

use corten_services::Service;
use corten_sys::privileges::Privileges;
use corten_sys::process::{self, Exit, Signal};
use corten_sys::{SysError, poll};

use super::asked::Work;
use crate::health::Task;
use crate::lines::Lines;
use crate::log::{Level, Log};
use crate::{cgroup, privileges};

/// What a process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The main process of a service.
    Main(usize),
    /// The check of a service.
    Check(usize),
    /// The test that runs when all services are ready.
    Selftest,
    /// Loads the drivers of the devices that were there at the start.
    Coldplug,
    /// Loads the drivers of devices that came later.
    Drivers,
    /// Grows the file system of the state.
    Grow,
    /// A task of the health of the running version.
    Health(Task),
    /// Something that a client of the node asked for.
    Work(Work),
}

/// A process that ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) role: Role,
    pub(super) exit: Exit,
    /// The last line that it printed.
    pub(super) last_line: String,
}

/// Why a program can't be started.
#[derive(Debug, thiserror::Error)]
pub(super) enum StartError {
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
    #[error(transparent)]
    System(#[from] SysError),
    #[error("{0}")]
    Directory(String),
    #[error("there is no program to run")]
    Nothing,
}

/// Where and as what a program runs; as PID 1 and beside it by default.
#[derive(Debug, Default)]
struct Inside<'a> {
    group: Option<&'a Path>,
    privileges: Privileges,
}

#[derive(Debug)]
struct Output {
    /// The process that the pipe was made for; children of it may go on writing.
    pid: u32,
    name: String,
    pipe: PipeReader,
    lines: Lines,
    open: bool,
}

#[derive(Debug)]
struct Process {
    role: Role,
    last_line: String,
}

/// All processes that were started and did not end yet, and all pipes that are open.
#[derive(Debug)]
pub(super) struct Programs<'a> {
    log: &'a Log,
    processes: BTreeMap<u32, Process>,
    outputs: Vec<Output>,
    /// Whether the node is not ready yet.
    starts: bool,
}

/// Bytes that are read from one pipe before the others get their turn.
const CHUNK: usize = 8192;
/// Reads of one pipe when its process ended: more than a pipe holds by default (64 KiB).
const MAX_CHUNKS: usize = 16;

impl<'a> Programs<'a> {
    pub(super) fn new(log: &'a Log) -> Self {
        Self { log, processes: BTreeMap::new(), outputs: Vec::new(), starts: true }
    }

    /// Starts the main process of a service in the cgroup of that service.
    pub(super) fn start(&mut self, at: usize, service: &Service) -> Result<(), StartError> {
        let made = cgroup::create(&service.name, &service.resources, self.starts);
        let (group, refused) = made.map_err(|error| StartError::Io("cgroup", error))?;
        self.refused(service, &refused);
        privileges::make_directories(service).map_err(StartError::Directory)?;
        let working_directory = Path::new(&service.working_directory);
        // Told apart here, since the kernel says "not found" for a program that is not there as well.
        if !working_directory.is_dir() {
            return Err(StartError::Directory(format!("{}: no such directory", service.working_directory)));
        }
        let mut command = command(&service.exec)?;
        command.envs(&service.environment).current_dir(working_directory);
        let inside = Inside { group: Some(&group), privileges: privileges::of(service) };
        self.spawn(Role::Main(at), &service.name, command, &inside)
    }

    /// The node is ready, or long enough not: services have what is theirs from now on.
    pub(super) fn ready(&mut self, services: &[Service]) {
        if !std::mem::replace(&mut self.starts, false) {
            return;
        }
        for service in services {
            self.refused(service, &cgroup::ready(&service.name, &service.resources));
        }
    }

    fn refused(&self, service: &Service, limits: &[String]) {
        for limit in limits {
            self.log.write(Level::Warning, format_args!("{}: {limit}", service.name));
        }
    }

    /// Starts the check of a service: in its group and with its rights, no others.
    pub(super) fn check(&mut self, at: usize, service: &Service) -> Result<(), StartError> {
        let group = cgroup::of(&service.name);
        let inside = Inside { group: Some(&group), privileges: privileges::of(service) };
        let mut command = command(&service.ready)?;
        command.envs(&service.environment);
        self.spawn(Role::Check(at), &service.name, command, &inside)
    }

    /// Starts a program of init itself.
    pub(super) fn own(&mut self, role: Role, name: &str, arguments: &[String]) -> Result<(), StartError> {
        self.spawn(role, name, command(arguments)?, &Inside::default())
    }

    fn spawn(
        &mut self,
        role: Role,
        name: &str,
        mut command: Command,
        inside: &Inside<'_>,
    ) -> Result<(), StartError> {
        let (reader, writer) = pipe().map_err(|error| StartError::Io("pipe", error))?;
        let second = writer.try_clone().map_err(|error| StartError::Io("pipe", error))?;
        command.stdin(Stdio::null()).stdout(writer).stderr(second);
        let pid = process::spawn(&mut command, inside.group, &inside.privileges)?;
        self.processes.insert(pid, Process { role, last_line: String::new() });
        self.outputs.push(Output {
            pid,
            name: name.to_string(),
            pipe: reader,
            lines: Lines::default(),
            open: true,
        });
        Ok(())
    }

    /// Ends the check of a service, whose result would be about a process that is gone.
    pub(super) fn end_check(&mut self, at: usize) {
        let checks = self.processes.extract_if(.., |_, process| process.role == Role::Check(at));
        for (pid, _) in checks {
            if let Err(error) = process::kill(pid, Signal::KILL) {
                self.log.write(Level::Warning, error);
            }
        }
    }

    /// The main process of a service, if it runs.
    pub(super) fn main(&self, at: usize) -> Option<u32> {
        self.processes.iter().find(|(_, process)| process.role == Role::Main(at)).map(|(pid, _)| *pid)
    }

    /// Sends a signal to the main process of a service.
    pub(super) fn signal_main(&self, at: usize, signal: Signal) {
        if let Some(pid) = self.main(at)
            && let Err(error) = process::kill(pid, signal)
        {
            self.log.write(Level::Warning, error);
        }
    }

    /// Whether a process runs that is for this.
    pub(super) fn runs(&self, role: Role) -> bool {
        self.processes.values().any(|process| process.role == role)
    }

    /// What to wait on, in the order by which [`Self::read`] counts.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.outputs.iter().map(|output| output.pipe.as_fd())
    }

    /// Reads the pipes that have something to say.
    pub(super) fn read(&mut self, readable: &[usize], now: u64) {
        for at in readable {
            let Some(output) = self.outputs.get_mut(*at) else { continue };
            let lines = output.read(now);
            print(self.log, output, lines, &mut self.processes);
        }
        self.outputs.retain(|output| output.open);
    }

    /// Reads what is left in all pipes.
    pub(super) fn drain(&mut self, now: u64) {
        for output in &mut self.outputs {
            let lines = output.drain(now);
            print(self.log, output, lines, &mut self.processes);
        }
    }

    /// Takes note of an ended process; `None` for one that nobody waits for.
    pub(super) fn ended(&mut self, pid: u32, exit: Exit, now: u64) -> Option<Ended> {
        for output in self.outputs.iter_mut().filter(|output| output.pid == pid) {
            let lines = output.drain(now);
            print(self.log, output, lines, &mut self.processes);
            // The number may come again for another process while a child still writes here.
            output.pid = 0;
        }
        self.outputs.retain(|output| output.open);
        let Process { role, last_line } = self.processes.remove(&pid)?;
        Some(Ended { role, exit, last_line })
    }
}

/// Writes lines to the log, and keeps the last one for the process that printed it.
fn print(log: &Log, output: &Output, lines: Vec<String>, processes: &mut BTreeMap<u32, Process>) {
    for line in lines {
        log.write_from(&output.name, Level::Info, &line);
        if let Some(process) = processes.get_mut(&output.pid) {
            process.last_line = line;
        }
    }
}

impl Output {
    fn read(&mut self, now: u64) -> Vec<String> {
        let mut buffer = [0; CHUNK];
        let length = self.pipe.read(&mut buffer).unwrap_or(0);
        match buffer.get(..length) {
            Some([]) | None => {
                self.open = false;
                self.lines.finish(now)
            }
            Some(bytes) => self.lines.push(bytes, now),
        }
    }

    fn drain(&mut self, now: u64) -> Vec<String> {
        let mut lines = Vec::new();
        for _ in 0..MAX_CHUNKS {
            if !self.open || !poll::readable(self.pipe.as_fd(), 0).unwrap_or(false) {
                break;
            }
            lines.extend(self.read(now));
        }
        lines
    }
}

fn command(words: &[String]) -> Result<Command, StartError> {
    let (program, arguments) = words.split_first().ok_or(StartError::Nothing)?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().current_dir("/");
    Ok(command)
}
