//! Tasks: the processes of containers.

use std::path::PathBuf;

use prost_types::Any;
use tonic::transport::Channel;

use super::records::options;
use super::{Containerd, if_there, refused, request};
use crate::Error;
use crate::api::containerd::services::tasks::v1::tasks_client::TasksClient;
use crate::api::containerd::services::tasks::v1::{
    CloseIoRequest, CreateTaskRequest, DeleteProcessRequest, DeleteTaskRequest, ExecProcessRequest,
    KillRequest, ListTasksRequest, ResizePtyRequest, StartRequest, WaitRequest,
};
use crate::api::containerd::types::Mount;
use crate::api::containerd::v1::types::Status;

/// What a process of an exec is described as.
const PROCESS: &str = "types.containerd.io/opencontainers/runtime-spec/1/Process";

/// Pipes that a process reads and writes, by their paths. `None` is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Io {
    /// Input.
    pub stdin: Option<PathBuf>,
    /// Output; with a terminal all of it.
    pub stdout: Option<PathBuf>,
    /// Errors.
    pub stderr: Option<PathBuf>,
    /// Whether it has a terminal.
    pub terminal: bool,
}

/// A container's process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Id of the container.
    pub id: String,
    /// The process.
    pub pid: u32,
    /// How it is.
    pub state: TaskState,
}

/// How a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It was made and never started.
    Created,
    /// It runs.
    Running,
    /// It ended.
    Stopped(Exit),
}

/// How a process ended: its exit code, or 128 and the number of the signal that ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u32);

fn path(path: Option<&PathBuf>) -> String {
    path.map(|path| path.display().to_string()).unwrap_or_default()
}

impl Containerd {
    fn tasks_client(&self) -> TasksClient<Channel> {
        TasksClient::new(self.channel.clone())
    }

    /// All tasks.
    pub async fn tasks(&self) -> Result<Vec<Task>, Error> {
        let list = ListTasksRequest { filter: String::new() };
        let answer = self.tasks_client().list(request(list)).await.map_err(refused("list tasks"))?;
        let read = |process: crate::api::containerd::v1::types::Process| Task {
            state: match process.status() {
                Status::Created => TaskState::Created,
                Status::Stopped => TaskState::Stopped(Exit(process.exit_status)),
                _ => TaskState::Running,
            },
            id: if process.container_id.is_empty() { process.id } else { process.container_id },
            pid: process.pid,
        };
        Ok(answer.into_inner().tasks.into_iter().map(read).collect())
    }

    /// Makes the task of a container: its root is mounted, its process is there and waits. Returns its number.
    pub async fn create_task(
        &self,
        id: &str,
        runtime: &str,
        root: Vec<Mount>,
        io: &Io,
    ) -> Result<u32, Error> {
        let create = CreateTaskRequest {
            container_id: id.to_owned(),
            rootfs: root,
            stdin: path(io.stdin.as_ref()),
            stdout: path(io.stdout.as_ref()),
            stderr: path(io.stderr.as_ref()),
            terminal: io.terminal,
            options: Some(options(runtime)),
            ..CreateTaskRequest::default()
        };
        let answer = self.tasks_client().create(request(create)).await.map_err(refused("create a task"))?;
        Ok(answer.into_inner().pid)
    }

    /// Lets the process of a task go, or, with a name, that of an exec.
    pub async fn start(&self, id: &str, exec: &str) -> Result<u32, Error> {
        let start = StartRequest { container_id: id.to_owned(), exec_id: exec.to_owned() };
        Ok(self.tasks_client().start(request(start)).await.map_err(refused("start a task"))?.into_inner().pid)
    }

    /// Waits until it ends.
    pub async fn wait(&self, id: &str, exec: &str) -> Result<Exit, Error> {
        let wait = WaitRequest { container_id: id.to_owned(), exec_id: exec.to_owned() };
        let answer = self.tasks_client().wait(request(wait)).await.map_err(refused("wait for a task"))?;
        Ok(Exit(answer.into_inner().exit_status))
    }

    /// Sends a signal to the main process, or to all of the container. One that has none is no failure.
    pub async fn kill(&self, id: &str, exec: &str, signal: u32, all: bool) -> Result<(), Error> {
        let kill = KillRequest { container_id: id.to_owned(), exec_id: exec.to_owned(), signal, all };
        let answer = self.tasks_client().kill(request(kill)).await.map_err(refused("send a signal"));
        if_there(answer).map(drop)
    }

    /// Removes a task that ended, with its mounts. That there is none is no failure.
    pub async fn delete_task(&self, id: &str) -> Result<(), Error> {
        let delete = DeleteTaskRequest { container_id: id.to_owned() };
        let answer = self.tasks_client().delete(request(delete)).await.map_err(refused("delete a task"));
        if_there(answer).map(drop)
    }

    /// Makes a process beside the main one, which [`Self::start`] lets go. `process` is a process of the runtime
    /// specification, JSON.
    pub async fn exec(&self, id: &str, exec: &str, process: String, io: &Io) -> Result<(), Error> {
        let exec = ExecProcessRequest {
            container_id: id.to_owned(),
            exec_id: exec.to_owned(),
            stdin: path(io.stdin.as_ref()),
            stdout: path(io.stdout.as_ref()),
            stderr: path(io.stderr.as_ref()),
            terminal: io.terminal,
            spec: Some(Any { type_url: PROCESS.into(), value: process.into_bytes() }),
        };
        self.tasks_client().exec(request(exec)).await.map_err(refused("run a program in a container"))?;
        Ok(())
    }

    /// Removes an exec that ended.
    pub async fn delete_exec(&self, id: &str, exec: &str) -> Result<(), Error> {
        let delete = DeleteProcessRequest { container_id: id.to_owned(), exec_id: exec.to_owned() };
        let answer =
            self.tasks_client().delete_process(request(delete)).await.map_err(refused("remove a process"));
        if_there(answer).map(drop)
    }

    /// Says that there is no more input.
    pub async fn close_input(&self, id: &str, exec: &str) -> Result<(), Error> {
        let close = CloseIoRequest { container_id: id.to_owned(), exec_id: exec.to_owned(), stdin: true };
        let answer = self.tasks_client().close_io(request(close)).await.map_err(refused("close the input"));
        if_there(answer).map(drop)
    }

    /// Gives a terminal its size.
    pub async fn resize(&self, id: &str, exec: &str, (columns, rows): (u32, u32)) -> Result<(), Error> {
        let resize = ResizePtyRequest {
            container_id: id.to_owned(),
            exec_id: exec.to_owned(),
            width: columns,
            height: rows,
        };
        let answer =
            self.tasks_client().resize_pty(request(resize)).await.map_err(refused("resize a terminal"));
        if_there(answer).map(drop)
    }
}
