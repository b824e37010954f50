//! Commands of the runtime: how they begin, and what is so when one has ended.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use corten_sys::mount::unmount_all;
use corten_sys::process::{Exit, Signal, kill};
use prost::Message as _;

use super::container::Container;
use super::{Answer, Tasks, delete_event, deleted, read};
use crate::api::containerd::events as told;
use crate::api::containerd::runc::v1::Options;
use crate::api::containerd::task::v3 as task;
use crate::cgroup::Cgroup;
use crate::console::{Copied, Desk};
use crate::process::{Ended, Process, Reply, Stage};
use crate::root;
use crate::runtime::{self, Runtime};
use crate::start::hash;
use crate::stdio::{self, Ends, Places};
use crate::wire::{Code, Fault};

/// A command of the runtime that runs.
#[derive(Debug)]
pub(super) struct Job {
    reply: Reply,
    id: String,
    log: PathBuf,
    pub(super) does: Does,
}

/// What a command does.
#[derive(Debug)]
pub(super) enum Does {
    Create { container: Box<Container>, request: Box<task::CreateTaskRequest>, desk: Option<Desk> },
    Start,
    StartOther { exec: String, desk: Option<Desk> },
    Delete,
    Pause,
    Resume,
    Update { resources: PathBuf },
}

impl Does {
    /// Whether it makes a process whose end may be heard of before its number is known.
    pub(super) fn makes_a_process(&self) -> bool {
        matches!(self, Self::Create { .. } | Self::StartOther { .. })
    }
}

impl Tasks {
    pub(super) fn create(&mut self, reply: Reply, request: task::CreateTaskRequest) -> Result<(), Fault> {
        let is_made = |job: &Job| job.id == request.id && job.does.makes_a_process();
        if self.containers.contains_key(&request.id) || self.jobs.values().any(is_made) {
            return Err(Fault::new(Code::AlreadyExists, format!("container {} is there", request.id)));
        }
        if !request.checkpoint.is_empty() {
            return Err(Fault::new(Code::Unimplemented, "checkpoints are not restored here"));
        }
        let options = match &request.options {
            Some(any) if any.type_url.ends_with("containerd.runc.v1.Options") => read(&any.value)?,
            _ => Options::default(),
        };
        let runtime = Runtime::new(&options.binary_name, &options.root, &self.namespace);
        let bundle = PathBuf::from(&request.bundle);
        let places = Places {
            input: request.stdin.clone(),
            output: request.stdout.clone(),
            errors: request.stderr.clone(),
            terminal: request.terminal,
        };
        runtime.remember(&bundle).map_err(Fault::at(&bundle))?;
        let (ends, desk, process) = self.prepare(&request.id, "", places)?;
        let container = Container { bundle, runtime, cgroup: None, first: process, others: BTreeMap::new() };
        root::assemble(&request.rootfs, &container.root())?;

        let log = container.bundle.join("log.json");
        let mut command = container.runtime.command(&log, &["create", "--bundle"]);
        command.arg(&container.bundle).arg("--pid-file").arg(container.pid_file(""));
        if options.no_pivot_root {
            command.arg("--no-pivot");
        }
        if options.no_new_keyring {
            command.arg("--no-new-keyring");
        }
        if let Some(desk) = &desk {
            command.arg("--console-socket").arg(desk.path());
        }
        let id = request.id.clone();
        let begun = runtime::begin(command.arg(&id), ends);
        let pid = begun.inspect_err(|_| {
            let _ = unmount_all(&container.root());
        })?;
        let does = Does::Create { container: Box::new(container), request: Box::new(request), desk };
        self.jobs.insert(pid, Job { reply, id, log, does });
        Ok(())
    }

    /// What a process is given, and where its terminal is left, if it has one.
    fn prepare(&self, id: &str, exec: &str, places: Places) -> Result<(Ends, Option<Desk>, Process), Fault> {
        let mut process = Process::new(places);
        if process.places.terminal {
            let name = hash(&["terminal", &self.namespace, id, exec]);
            return Ok((Ends::default(), Some(Desk::open(&self.sockets, &name)?), process));
        }
        let (ends, held) = stdio::open(&process.places)?;
        process.held = held;
        Ok((ends, None, process))
    }

    pub(super) fn start(&mut self, reply: Reply, request: &task::StartRequest) -> Result<(), Fault> {
        let (id, exec) = (request.id.as_str(), request.exec_id.as_str());
        let process = self.container(id)?.process(exec)?;
        if process.stage != Stage::Created || process.ended.is_some() {
            let message = format!("a process that is {:?} can't be started", process.stage);
            return Err(Fault::new(Code::FailedPrecondition, message.to_lowercase()));
        }
        if exec.is_empty() {
            self.command(reply, id, &["start"], Does::Start)?;
            self.container(id)?.first.stage = Stage::Starting;
            return Ok(());
        }
        let places = process.places.clone();
        let (ends, desk, prepared) = self.prepare(id, exec, places)?;
        let container = self.container(id)?;
        let file = container.process_file(exec);
        let other =
            container.others.get(exec).map(|other| other.specification.as_slice()).unwrap_or_default();
        fs::write(&file, other).map_err(Fault::at(&file))?;
        let log = container.bundle.join(format!("{exec}-log.json"));
        let mut command = container.runtime.command(&log, &["exec", "--detach", "--process"]);
        command.arg(&file).arg("--pid-file").arg(container.pid_file(exec));
        if let Some(desk) = &desk {
            command.arg("--console-socket").arg(desk.path());
        }
        let pid = runtime::begin(command.arg(id), ends)?;
        let process = container.process(exec)?;
        process.held = prepared.held;
        process.stage = Stage::Starting;
        let does = Does::StartOther { exec: exec.to_owned(), desk };
        self.jobs.insert(pid, Job { reply, id: id.to_owned(), log, does });
        Ok(())
    }

    /// Begins a command about a container.
    pub(super) fn command(
        &mut self,
        reply: Reply,
        id: &str,
        words: &[&str],
        does: Does,
    ) -> Result<(), Fault> {
        let container = self.container(id)?;
        let log = container.bundle.join(format!("{}-log.json", words.first().unwrap_or(&"runtime")));
        let mut command = container.runtime.command(&log, words);
        let pid = runtime::begin(command.arg(id), Ends::default())?;
        self.jobs.insert(pid, Job { reply, id: id.to_owned(), log, does });
        Ok(())
    }

    pub(super) fn update(&mut self, reply: Reply, request: task::UpdateTaskRequest) -> Result<(), Fault> {
        let resources = self.container(&request.id)?.bundle.join("resources.json");
        let text = request.resources.map(|any| any.value).unwrap_or_default();
        fs::write(&resources, text).map_err(Fault::at(&resources))?;
        let path = resources.display().to_string();
        self.command(reply, &request.id, &["update", "--resources", &path], Does::Update { resources })
    }

    /// A command of the runtime has ended.
    pub(super) fn finish(&mut self, job: Job, exit: Exit) {
        let Job { reply, id, log, does } = job;
        let done = if exit == Exit::Code(0) {
            Ok(())
        } else {
            let why = runtime::complaint(&log).unwrap_or_else(|| exit.to_string());
            Err(Fault::unknown(format!("OCI runtime: {why}")))
        };
        let _ = fs::remove_file(&log);
        let answer = match does {
            Does::Create { container, request, desk } => self.created(*container, *request, desk, done),
            Does::Start => self.started(&id, "", done),
            Does::StartOther { exec, desk } => {
                let done = done.and_then(|()| self.beside(&id, &exec, desk));
                self.started(&id, &exec, done)
            }
            Does::Delete => match self.deleted(&id, done) {
                Ok((answer, copied)) => return self.late.answer(reply, answer, copied),
                Err(fault) => Err(fault),
            },
            Does::Pause => done.map(|()| {
                self.set_stage(&id, Stage::Paused);
                self.events.tell("/tasks/paused", &told::TaskPaused { container_id: id });
                Vec::new()
            }),
            Does::Resume => done.map(|()| {
                self.set_stage(&id, Stage::Running);
                self.events.tell("/tasks/resumed", &told::TaskResumed { container_id: id });
                Vec::new()
            }),
            Does::Update { resources } => {
                let _ = fs::remove_file(resources);
                done.map(|()| Vec::new())
            }
        };
        self.answers.push((reply, answer));
    }

    fn set_stage(&mut self, id: &str, stage: Stage) {
        if let Some(container) = self.containers.get_mut(id)
            && container.first.ended.is_none()
        {
            container.first.stage = stage;
        }
    }

    fn created(
        &mut self,
        mut container: Container,
        request: task::CreateTaskRequest,
        desk: Option<Desk>,
        done: Result<(), Fault>,
    ) -> Answer {
        let made = done.and_then(|()| {
            let pid = runtime::pid(&container.pid_file(""))?;
            container.first.pid = pid;
            container.cgroup = Cgroup::of(pid);
            if let Some(desk) = desk {
                container.first.attach(desk.take()?)?;
            }
            Ok(pid)
        });
        let pid = match made {
            Ok(pid) => pid,
            Err(fault) => {
                if let Some(cgroup) = &container.cgroup {
                    cgroup.kill();
                }
                let _ = unmount_all(&container.root());
                return Err(fault);
            }
        };
        let id = request.id;
        let event = told::TaskCreate {
            container_id: id.clone(),
            bundle: request.bundle,
            rootfs: Vec::new(),
            io: Some(told::TaskIo {
                stdin: request.stdin,
                stdout: request.stdout,
                stderr: request.stderr,
                terminal: request.terminal,
            }),
            checkpoint: request.checkpoint,
            pid,
        };
        self.events.tell("/tasks/create", &event);
        self.containers.insert(id.clone(), container);
        if let Some(ended) = self.strays.remove(&pid) {
            self.process_ended(&id, "", ended);
        }
        Ok(task::CreateTaskResponse { pid }.encode_to_vec())
    }

    /// Finds out which process the runtime made beside the first one.
    fn beside(&mut self, id: &str, exec: &str, desk: Option<Desk>) -> Result<(), Fault> {
        let container = self.container(id)?;
        let pid = runtime::pid(&container.pid_file(exec))?;
        let process = container.process(exec)?;
        process.pid = pid;
        if let Some(desk) = desk {
            process.attach(desk.take()?)?;
        }
        if let Some(ended) = self.strays.remove(&pid) {
            self.process_ended(id, exec, ended);
        }
        Ok(())
    }

    fn started(&mut self, id: &str, exec: &str, done: Result<(), Fault>) -> Answer {
        let process = self.container(id)?.process(exec)?;
        let (pid, has_failed) = (process.pid, done.is_err());
        // What could not be made beside the first one is over: nobody is to wait for it in vain.
        if has_failed && !exec.is_empty() && process.ended.is_none() {
            process.end(Ended::now(255));
        }
        process.stage = if has_failed { Stage::Created } else { Stage::Running };
        let is_over = process.ended.is_some();
        for signal in std::mem::take(&mut process.pending) {
            if let Ok(pid) = process.alive() {
                let _ = kill(pid, signal);
            }
        }
        if !has_failed {
            self.tell_of_start(id, exec, pid);
        }
        if is_over {
            self.stop(id, exec);
        }
        done.map(|()| task::StartResponse { pid }.encode_to_vec())
    }

    fn tell_of_start(&self, id: &str, exec: &str, pid: u32) {
        let container_id = id.to_owned();
        if exec.is_empty() {
            self.events.tell("/tasks/start", &told::TaskStart { container_id, pid });
        } else {
            let event = told::TaskExecStarted { container_id, exec_id: exec.to_owned(), pid };
            self.events.tell("/tasks/exec-started", &event);
        }
    }

    fn deleted(&mut self, id: &str, done: Result<(), Fault>) -> Result<(Vec<u8>, Option<Copied>), Fault> {
        done?;
        let container = self.container(id)?;
        unmount_all(&container.root()).map_err(Fault::unknown)?;
        let others: Vec<String> = container.others.keys().cloned().collect();
        // What the runtime has ended may not have been waited for yet, and some were never started.
        for exec in std::iter::once(String::new()).chain(others) {
            self.give_up(id, &exec);
        }
        let Some(mut container) = self.containers.remove(id) else { return Ok((Vec::new(), None)) };
        let first = &mut container.first;
        self.events.tell("/tasks/delete", &delete_event(id, first));
        Ok((deleted(first), first.copied.take()))
    }

    /// Ends a process that is not told to be over yet, for those who wait for it.
    fn give_up(&mut self, id: &str, exec: &str) {
        let Ok(process) = self.container(id).and_then(|container| container.process(exec)) else { return };
        if process.stage == Stage::Stopped {
            return;
        }
        if process.ended.is_none() {
            process.end(Ended::now(128 + Signal::KILL.as_raw().cast_unsigned()));
        }
        self.stop(id, exec);
    }
}
