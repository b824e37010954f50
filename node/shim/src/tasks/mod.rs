//! The containers of a shim, and what containerd asks for them.
//!
//! Nothing here waits. What takes a while is a command of the runtime; it is answered when the command has ended.

mod commands;
mod container;
mod late;

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::{fs, io};

use corten_sys::process::{Exit, Signal, kill, signal_of};
use prost::Message;
use prost_types::Any;

use commands::{Does, Job};
use container::{Container, Other};
use late::Late;

use crate::api::containerd::events as told;
use crate::api::containerd::runc::v1::ProcessDetails;
use crate::api::containerd::task::v3 as task;
use crate::api::containerd::v1::types::ProcessInfo;
use crate::events::Events;
use crate::process::{Ended, Process, Reply, Stage};
use crate::stdio::Places;
use crate::wire::{Code, Fault};

/// What a call is answered with.
pub type Answer = Result<Vec<u8>, Fault>;

/// What `ctr task metrics` reads.
const METRICS: &str = "io.containerd.cgroups.v2.Metrics";
/// How containerd's clients know which process of a list is that of an exec.
const DETAILS: &str = "containerd.runc.v1.ProcessDetails";
/// What a process counts as that was never started.
const NEVER: u32 = 255;

/// All containers of a shim.
#[derive(Debug)]
pub struct Tasks {
    namespace: String,
    /// A folder of root's for sockets.
    sockets: PathBuf,
    containers: BTreeMap<String, Container>,
    jobs: BTreeMap<u32, Job>,
    /// Ends of processes whose number nobody knows yet.
    strays: BTreeMap<u32, Ended>,
    events: Events,
    answers: Vec<(Reply, Answer)>,
    late: Late,
    is_done: bool,
}

impl Tasks {
    /// None yet.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn new(namespace: &str, sockets: &Path, events: Events) -> io::Result<Self> {
        Ok(Self {
            namespace: namespace.to_owned(),
            sockets: sockets.to_owned(),
            containers: BTreeMap::new(),
            jobs: BTreeMap::new(),
            strays: BTreeMap::new(),
            events,
            answers: Vec::new(),
            late: Late::new()?,
            is_done: false,
        })
    }

    /// What can be read when an answer has come about that had to wait.
    pub fn late(&self) -> BorrowedFd<'_> {
        self.late.woken()
    }

    /// Answers that have come about since this was asked the last time.
    pub fn answers(&mut self) -> Vec<(Reply, Answer)> {
        self.answers.extend(self.late.answers());
        std::mem::take(&mut self.answers)
    }

    /// Whether the shim is needed no more.
    pub fn is_done(&self) -> bool {
        self.is_done
    }

    /// Does what is asked. The answer may come later.
    pub fn called(&mut self, reply: Reply, service: &str, method: &str, payload: &[u8]) {
        let answer = match service {
            "containerd.task.v2.Task" | "containerd.task.v3.Task" => self.call(reply, method, payload),
            _ => Err(Fault::new(Code::Unimplemented, format!("service {service} is not here"))),
        };
        match answer {
            Ok(Some(payload)) => self.answers.push((reply, Ok(payload))),
            Ok(None) => {}
            Err(fault) => self.answers.push((reply, Err(fault))),
        }
    }

    fn call(&mut self, reply: Reply, method: &str, payload: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let done = || Some(Vec::new());
        match method {
            "Create" => self.create(reply, read(payload)?).map(|()| None),
            "Start" => self.start(reply, &read(payload)?).map(|()| None),
            "Delete" => self.delete(reply, &read(payload)?),
            "Wait" => self.wait(reply, &read(payload)?),
            "State" => self.state(&read(payload)?).map(Some),
            "Exec" => self.exec(read(payload)?).map(|()| done()),
            "Kill" => self.kill(&read(payload)?).map(|()| done()),
            "Pids" => self.pids(&read(payload)?).map(Some),
            "ResizePty" => self.resize(&read(payload)?).map(|()| done()),
            "CloseIO" => self.close(&read(payload)?).map(|()| done()),
            "Stats" => self.stats(&read(payload)?).map(Some),
            "Pause" => {
                let task::PauseRequest { id } = read(payload)?;
                self.command(reply, &id, &["pause"], Does::Pause).map(|()| None)
            }
            "Resume" => {
                let task::ResumeRequest { id } = read(payload)?;
                self.command(reply, &id, &["resume"], Does::Resume).map(|()| None)
            }
            "Update" => self.update(reply, read(payload)?).map(|()| None),
            "Connect" => {
                let task::ConnectRequest { id } = read(payload)?;
                let task_pid = self.containers.get(&id).map(|found| found.first.pid).unwrap_or_default();
                let own = std::process::id();
                Ok(Some(
                    task::ConnectResponse { shim_pid: own, task_pid, ..Default::default() }.encode_to_vec(),
                ))
            }
            "Shutdown" => {
                // Of several containers that share a shim, one may go while others stay or come.
                self.is_done |= self.containers.is_empty() && self.jobs.is_empty();
                Ok(done())
            }
            _ => Err(Fault::new(Code::Unimplemented, format!("{method} is not done here"))),
        }
    }

    fn container(&mut self, id: &str) -> Result<&mut Container, Fault> {
        let found = self.containers.get_mut(id);
        found.ok_or_else(|| Fault::new(Code::NotFound, format!("container {id} does not exist")))
    }

    fn delete(&mut self, reply: Reply, request: &task::DeleteRequest) -> Result<Option<Vec<u8>>, Fault> {
        let (id, exec) = (request.id.as_str(), request.exec_id.as_str());
        let container = self.container(id)?;
        let process = container.process(exec)?;
        // One may have been asked for and never started.
        if !matches!(process.stage, Stage::Stopped | Stage::Created) {
            return Err(Fault::new(Code::FailedPrecondition, "cannot delete a running process"));
        }
        if exec.is_empty() {
            return self.command(reply, id, &["delete", "--force"], Does::Delete).map(|()| None);
        }
        if process.ended.is_none() {
            process.end(Ended::now(NEVER));
        }
        let (answer, copied) = (deleted(process), process.copied.take());
        // Of one that was started they have their answer.
        let replies = std::mem::take(&mut process.waiting);
        let over = process.ended.as_ref().map(waited).unwrap_or_default();
        container.others.remove(exec);
        for file in [container.pid_file(exec), container.process_file(exec)] {
            let _ = fs::remove_file(file);
        }
        self.answers.extend(replies.into_iter().map(|reply| (reply, Ok(over.clone()))));
        self.late.answer(reply, answer, copied);
        Ok(None)
    }

    fn wait(&mut self, reply: Reply, request: &task::WaitRequest) -> Result<Option<Vec<u8>>, Fault> {
        let process = self.container(&request.id)?.process(&request.exec_id)?;
        match &process.ended {
            Some(ended) if process.stage == Stage::Stopped => Ok(Some(waited(ended))),
            _ => {
                process.waiting.push(reply);
                Ok(None)
            }
        }
    }

    fn state(&mut self, request: &task::StateRequest) -> Result<Vec<u8>, Fault> {
        let container = self.container(&request.id)?;
        let bundle = container.bundle.display().to_string();
        let process = container.process(&request.exec_id)?;
        let state = task::StateResponse {
            id: request.id.clone(),
            bundle,
            pid: process.pid,
            status: process.status().into(),
            stdin: process.places.input.clone(),
            stdout: process.places.output.clone(),
            stderr: process.places.errors.clone(),
            terminal: process.places.terminal,
            exit_status: process.exit_status(),
            exited_at: process.ended.as_ref().map(|ended| ended.at),
            exec_id: request.exec_id.clone(),
        };
        Ok(state.encode_to_vec())
    }

    fn exec(&mut self, request: task::ExecProcessRequest) -> Result<(), Fault> {
        let container = self.container(&request.id)?;
        if container.others.contains_key(&request.exec_id) {
            return Err(Fault::new(Code::AlreadyExists, format!("process {} is there", request.exec_id)));
        }
        if !is_file_name(&request.exec_id) {
            return Err(Fault::new(Code::InvalidArgument, format!("{:?} is no name", request.exec_id)));
        }
        let places = Places {
            input: request.stdin,
            output: request.stdout,
            errors: request.stderr,
            terminal: request.terminal,
        };
        let specification = request.spec.map(|spec| spec.value).unwrap_or_default();
        let other = Other { process: Process::new(places), specification };
        container.others.insert(request.exec_id.clone(), other);
        let event = told::TaskExecAdded { container_id: request.id, exec_id: request.exec_id };
        self.events.tell("/tasks/exec-added", &event);
        Ok(())
    }

    fn kill(&mut self, request: &task::KillRequest) -> Result<(), Fault> {
        let container = self.container(&request.id)?;
        let process = container.process(&request.exec_id)?;
        let signal = signal(request.signal)?;
        // The runtime is making it: it hears of this when it has a number.
        if process.stage == Stage::Starting && process.pid == 0 {
            process.pending.push(signal);
            return Ok(());
        }
        let pid = process.alive();
        if request.all
            && request.exec_id.is_empty()
            && let Some(cgroup) = &container.cgroup
        {
            if signal == Signal::KILL {
                cgroup.kill();
            } else {
                for pid in cgroup.processes() {
                    kill(pid, signal).map_err(Fault::unknown)?;
                }
            }
            return Ok(());
        }
        kill(pid?, signal).map_err(Fault::unknown)
    }

    fn pids(&mut self, request: &task::PidsRequest) -> Result<Vec<u8>, Fault> {
        let container = self.container(&request.id)?;
        let mut pids = match &container.cgroup {
            Some(cgroup) => cgroup.processes(),
            None => container.all().filter_map(|process| process.alive().ok()).collect(),
        };
        // containerd asks this when it starts, and takes a task without processes for one that was never made.
        if pids.is_empty() && container.first.ended.is_some() {
            pids.push(container.first.pid);
        }
        let info = |pid| {
            let mut others = container.others.iter();
            let (exec, _) = others.find(|(_, other)| other.process.alive() == Ok(pid))?;
            let details = ProcessDetails { exec_id: exec.clone() };
            Some(Any { type_url: DETAILS.into(), value: details.encode_to_vec() })
        };
        let processes = pids.into_iter().map(|pid| ProcessInfo { pid, info: info(pid) }).collect();
        Ok(task::PidsResponse { processes }.encode_to_vec())
    }

    fn resize(&mut self, request: &task::ResizePtyRequest) -> Result<(), Fault> {
        let process = self.container(&request.id)?.process(&request.exec_id)?;
        // A window may change before the terminal is there, and after it is gone.
        process.terminal.as_ref().map_or(Ok(()), |terminal| terminal.resize(request.width, request.height))
    }

    fn close(&mut self, request: &task::CloseIoRequest) -> Result<(), Fault> {
        let process = self.container(&request.id)?.process(&request.exec_id)?;
        if request.stdin {
            process.held.input = None;
        }
        Ok(())
    }

    fn stats(&mut self, request: &task::StatsRequest) -> Result<Vec<u8>, Fault> {
        let container = self.container(&request.id)?;
        let none = || Fault::new(Code::FailedPrecondition, "the container has no control group of its own");
        let metrics = container.cgroup.as_ref().ok_or_else(none)?.metrics();
        let stats = Any { type_url: METRICS.into(), value: metrics.encode_to_vec() };
        Ok(task::StatsResponse { stats: Some(stats) }.encode_to_vec())
    }

    /// A child ended: a command of the runtime, a process of a container, or one that a process left behind.
    pub fn ended(&mut self, pid: u32, exit: Exit) {
        if let Some(job) = self.jobs.remove(&pid) {
            self.finish(job, exit);
            if !self.jobs.values().any(|job| job.does.makes_a_process()) {
                self.strays.clear();
            }
            return;
        }
        let ended = Ended::now(match exit {
            Exit::Code(code) => code.cast_unsigned(),
            Exit::Signal(signal) => 128 + signal.cast_unsigned(),
        });
        let found = self.containers.iter().find_map(|(id, container)| {
            let others = container.others.iter().map(|(exec, other)| (exec.as_str(), &other.process));
            let mut all = std::iter::once(("", &container.first)).chain(others);
            let (exec, _) = all.find(|(_, process)| process.pid == pid && process.ended.is_none())?;
            Some((id.clone(), exec.to_owned()))
        });
        match found {
            Some((id, exec)) => self.process_ended(&id, &exec, ended),
            None if self.jobs.values().any(|job| job.does.makes_a_process()) => {
                self.strays.insert(pid, ended);
            }
            None => {}
        }
    }

    fn process_ended(&mut self, id: &str, exec: &str, ended: Ended) {
        let Some(container) = self.containers.get_mut(id) else { return };
        if exec.is_empty()
            && let Some(cgroup) = &container.cgroup
        {
            if cgroup.out_of_memory() > 0 {
                self.events.tell("/tasks/oom", &told::TaskOom { container_id: id.to_owned() });
            }
            // Where it shares the processes of the node, others of it go on.
            cgroup.kill();
        }
        let Ok(process) = container.process(exec) else { return };
        process.end(ended);
        if process.stage != Stage::Starting {
            self.stop(id, exec);
        }
    }

    /// Tells of the end of a process, which is known.
    fn stop(&mut self, id: &str, exec: &str) {
        let Some(process) = self.containers.get_mut(id).and_then(|found| found.process(exec).ok()) else {
            return;
        };
        let Some(ended) = process.ended.clone() else { return };
        process.stage = Stage::Stopped;
        for reply in std::mem::take(&mut process.waiting) {
            self.answers.push((reply, Ok(waited(&ended))));
        }
        let event = told::TaskExit {
            container_id: id.to_owned(),
            id: if exec.is_empty() { id } else { exec }.to_owned(),
            pid: process.pid,
            exit_status: ended.status,
            exited_at: Some(ended.at),
        };
        self.events.tell("/tasks/exit", &event);
    }
}

fn read<M: Message + Default>(payload: &[u8]) -> Result<M, Fault> {
    M::decode(payload).map_err(|error| Fault::new(Code::InvalidArgument, error.to_string()))
}

/// Whether a name can be part of that of a file: containerd's own rule for ids.
fn is_file_name(name: &str) -> bool {
    let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    name.len() <= 76
        && name.starts_with(|letter: char| letter.is_ascii_alphanumeric())
        && name.bytes().all(is_known)
}

fn signal(number: u32) -> Result<Signal, Fault> {
    let signal = number.try_into().ok().and_then(signal_of);
    signal.ok_or_else(|| Fault::new(Code::InvalidArgument, format!("{number} is no signal")))
}

fn waited(ended: &Ended) -> Vec<u8> {
    task::WaitResponse { exit_status: ended.status, exited_at: Some(ended.at) }.encode_to_vec()
}

fn deleted(process: &Process) -> Vec<u8> {
    let exited_at = process.ended.as_ref().map(|ended| ended.at);
    task::DeleteResponse { pid: process.pid, exit_status: process.exit_status(), exited_at }.encode_to_vec()
}

fn delete_event(id: &str, process: &Process) -> told::TaskDelete {
    told::TaskDelete {
        container_id: id.to_owned(),
        pid: process.pid,
        exit_status: process.exit_status(),
        exited_at: process.ended.as_ref().map(|ended| ended.at),
        id: String::new(),
    }
}

#[cfg(test)]
mod tests;
