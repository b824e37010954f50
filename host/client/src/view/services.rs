//! What runs on a node: services and processes.

use std::collections::BTreeMap;

use corten_api::v1;
use serde::Serialize;

use super::facts::{facts, some};
use super::output::View;
use super::table::{Cell, Table, Tone, Width, number, printable, text};
use super::units::{milliseconds, size};

/// How a service is. Fields are those of `corten.v1.ServiceStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Service {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) pid: Option<u32>,
    pub(crate) since_ms: u64,
    pub(crate) restarts: u32,
    pub(crate) found: Option<String>,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_us: u64,
    pub(crate) processes: u32,
}

/// The services of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Services(pub(crate) Vec<Service>);

/// Everything about one service. Fields are those of `corten.v1.InspectServiceResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceDetail {
    status: Option<Service>,
    exec: Vec<String>,
    after: Vec<String>,
    uid: u32,
    gid: u32,
    capabilities: Vec<String>,
    processes: Vec<u32>,
}

/// The processes of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Processes(Vec<Process>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Process {
    pid: u32,
    parent: u32,
    name: String,
    command: String,
    state: String,
    uid: u32,
    threads: u32,
    memory_bytes: u64,
    cpu_ms: u64,
    started_ms: u64,
    service: Option<String>,
}

impl Service {
    /// The word for its state, in its tone.
    pub(crate) fn state(&self) -> Cell {
        let tone = match self.state.as_str() {
            "ready" | "done" => Tone::Good,
            "waiting" | "starting" | "stopping" => Tone::Waiting,
            "failed" | "back-off" => Tone::Bad,
            _ => Tone::Plain,
        };
        Cell::of(printable(&self.state), tone)
    }
}

impl From<v1::ServiceStatus> for Service {
    fn from(status: v1::ServiceStatus) -> Self {
        Self {
            name: status.name,
            state: status.state,
            pid: Some(status.pid).filter(|pid| *pid != 0),
            since_ms: status.since_ms,
            restarts: status.restarts,
            found: some(status.found),
            memory_bytes: status.memory_bytes,
            cpu_us: status.cpu_us,
            processes: status.processes,
        }
    }
}

impl From<v1::ListServicesResponse> for Services {
    fn from(response: v1::ListServicesResponse) -> Self {
        Self(response.services.into_iter().map(Service::from).collect())
    }
}

impl View for Services {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("SERVICE"),
            text("STATE"),
            number("FOR"),
            number("RESTARTS"),
            number("PID").spare(),
            number("MEMORY"),
            number("CPU").spare(),
            number("PROCS").spare(),
            text("FOUND"),
        ]);
        for service in &self.0 {
            table.row([
                printable(&service.name).into(),
                service.state(),
                milliseconds(service.since_ms).into(),
                service.restarts.to_string().into(),
                service.pid.map(|pid| pid.to_string()).unwrap_or_default().into(),
                size(service.memory_bytes).into(),
                milliseconds(service.cpu_us / 1000).into(),
                service.processes.to_string().into(),
                printable(service.found.as_deref().unwrap_or_default()).into(),
            ]);
        }
        table
    }
}

impl From<v1::InspectServiceResponse> for ServiceDetail {
    fn from(response: v1::InspectServiceResponse) -> Self {
        Self {
            status: response.status.map(Service::from),
            exec: response.exec,
            after: response.after,
            uid: response.uid,
            gid: response.gid,
            capabilities: response.capabilities,
            processes: response.processes,
        }
    }
}

impl View for ServiceDetail {
    fn table(&self) -> Table {
        Services(self.status.iter().cloned().collect()).table()
    }

    fn alone(&self, _width: Width) -> String {
        let status = self.status.as_ref();
        let of = |what: fn(&Service) -> String| status.map(what).unwrap_or_default();
        let pids: Vec<_> = self.processes.iter().map(ToString::to_string).collect();
        let capabilities =
            if self.capabilities.is_empty() { "none".to_owned() } else { self.capabilities.join(", ") };
        facts([
            ("service", of(|service| printable(&service.name))),
            ("state", of(|service| service.state().tone.paint(&service.state().text))),
            ("for", of(|service| milliseconds(service.since_ms))),
            ("found", of(|service| printable(service.found.as_deref().unwrap_or_default()))),
            ("restarts", of(|service| service.restarts.to_string())),
            ("memory", of(|service| size(service.memory_bytes))),
            ("cpu", of(|service| milliseconds(service.cpu_us / 1000))),
            ("runs", printable(&self.exec.join(" "))),
            ("after", printable(&self.after.join(", "))),
            ("user", format!("{}:{}", self.uid, self.gid)),
            ("capabilities", printable(&capabilities)),
            ("processes", pids.join(", ")),
        ])
    }
}

impl From<v1::ListProcessesResponse> for Processes {
    fn from(response: v1::ListProcessesResponse) -> Self {
        let process = |process: v1::Process| Process {
            pid: process.pid,
            parent: process.parent,
            name: process.name,
            command: process.command,
            state: process.state,
            uid: process.uid,
            threads: process.threads,
            memory_bytes: process.memory_bytes,
            cpu_ms: process.cpu_ms,
            started_ms: process.started_ms,
            service: some(process.service),
        };
        Self(response.processes.into_iter().map(process).collect())
    }
}

impl Processes {
    /// Each process with how deep it is below others, parents before their children.
    fn tree(&self) -> Vec<(usize, &Process)> {
        let mut children: BTreeMap<u32, Vec<&Process>> = BTreeMap::new();
        let known = |pid| self.0.iter().any(|process| process.pid == pid);
        for process in &self.0 {
            // Who is its own parent, or has none here, stands at the top.
            let top = process.parent == process.pid || !known(process.parent);
            children.entry(if top { 0 } else { process.parent }).or_default().push(process);
        }
        let mut ordered = Vec::new();
        let mut stack: Vec<_> =
            children.remove(&0).unwrap_or_default().into_iter().map(|top| (0, top)).collect();
        stack.reverse();
        while let Some((depth, process)) = stack.pop() {
            ordered.push((depth, process));
            let below = children.remove(&process.pid).unwrap_or_default();
            stack.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
        }
        // A circle hangs on nothing.
        ordered.extend(children.into_values().flatten().map(|process| (0, process)));
        ordered
    }
}

impl View for Processes {
    fn table(&self) -> Table {
        let mut table = Table::new([
            number("PID"),
            text("S").spare(),
            number("UID").spare(),
            number("THREADS").spare(),
            number("MEMORY"),
            number("CPU"),
            text("SERVICE"),
            text("COMMAND"),
        ]);
        for (depth, process) in self.tree() {
            let command = if process.command.is_empty() { &process.name } else { &process.command };
            table.row([
                process.pid.to_string().into(),
                printable(&process.state).into(),
                process.uid.to_string().into(),
                process.threads.to_string().into(),
                size(process.memory_bytes).into(),
                milliseconds(process.cpu_ms).into(),
                printable(process.service.as_deref().unwrap_or_default()).into(),
                format!("{}{}", "  ".repeat(depth.min(20)), printable(command)).into(),
            ]);
        }
        table
    }
}
