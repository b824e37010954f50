//! Workloads and their containers.

use corten_api::v1;
use serde::Serialize;

use super::facts::{facts, some};
use super::output::View;
use super::table::{Cell, Table, Tone, Width, number, printable, text};
use super::units::{milliseconds, size, time};

/// How a container is. Fields are those of `corten.v1.ContainerStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Container {
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) detail: Option<String>,
    image: String,
    image_digest: Option<String>,
    image_from: Option<String>,
    pid: Option<u32>,
    pub(crate) since_ms: u64,
    pub(crate) restarts: u32,
    exit_code: Option<u32>,
    pub(crate) memory_bytes: u64,
    cpu_us: u64,
    processes: u32,
    started_in_ms: Option<u64>,
}

/// How a workload is. Fields are those of `corten.v1.WorkloadStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workload {
    name: String,
    state: String,
    essential: bool,
    pub(crate) containers: Vec<Container>,
    network: String,
    addresses: Vec<String>,
    ports: Vec<String>,
    next_run: Option<String>,
}

/// The workloads of a node. Fields are those of `corten.v1.ListWorkloadsResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Workloads {
    pub(crate) workloads: Vec<Workload>,
    problem: Option<String>,
}

/// The containers of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Containers(pub(crate) Vec<Container>);

/// Everything about one workload. Fields are those of `corten.v1.InspectWorkloadResponse`, but that texts with JSON are
/// what they hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkloadDetail {
    status: Option<Workload>,
    settings: serde_json::Value,
    specifications: serde_json::Map<String, serde_json::Value>,
}

/// The word for a state, in its tone.
fn state(word: &str) -> Cell {
    let tone = match word {
        "ready" | "done" => Tone::Good,
        "waiting" | "pulling" | "starting" | "running" | "stopping" | "scheduled" => Tone::Waiting,
        "failed" | "back-off" | "unready" => Tone::Bad,
        _ => Tone::Plain,
    };
    Cell::of(printable(word), tone)
}

impl Container {
    /// The word for its state, in its tone.
    pub(crate) fn state(&self) -> Cell {
        state(&self.state)
    }
}

impl From<v1::ContainerStatus> for Container {
    fn from(status: v1::ContainerStatus) -> Self {
        Self {
            name: status.name,
            state: status.state,
            detail: some(status.detail),
            image: status.image,
            image_digest: some(status.image_digest),
            image_from: some(status.image_from),
            pid: Some(status.pid).filter(|pid| *pid != 0),
            since_ms: status.since_ms,
            restarts: status.restarts,
            exit_code: status.exit_code,
            memory_bytes: status.memory_bytes,
            cpu_us: status.cpu_us,
            processes: status.processes,
            started_in_ms: Some(status.started_in_ms).filter(|time| *time != 0),
        }
    }
}

impl From<v1::WorkloadStatus> for Workload {
    fn from(status: v1::WorkloadStatus) -> Self {
        Self {
            name: status.name,
            state: status.state,
            essential: status.essential,
            containers: status.containers.into_iter().map(Container::from).collect(),
            network: status.network,
            addresses: status.addresses,
            ports: status.ports,
            next_run: some(time(status.next_run_ns)),
        }
    }
}

impl From<v1::ListWorkloadsResponse> for Workloads {
    fn from(response: v1::ListWorkloadsResponse) -> Self {
        Self {
            workloads: response.workloads.into_iter().map(Workload::from).collect(),
            problem: some(response.problem),
        }
    }
}

impl From<v1::ListWorkloadsResponse> for Containers {
    fn from(response: v1::ListWorkloadsResponse) -> Self {
        let containers = response.workloads.into_iter().flat_map(|workload| workload.containers);
        Self(containers.map(Container::from).collect())
    }
}

impl From<v1::InspectWorkloadResponse> for WorkloadDetail {
    fn from(response: v1::InspectWorkloadResponse) -> Self {
        // What is no JSON is still worth showing.
        let read = |text: String| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text));
        let mut specifications: Vec<_> = response.specifications_json.into_iter().collect();
        specifications.sort();
        Self {
            status: response.status.map(Workload::from),
            settings: read(response.settings_json),
            specifications: specifications.into_iter().map(|(name, text)| (name, read(text))).collect(),
        }
    }
}

impl Workload {
    /// What is worth knowing of its state: of the container that it has from, or when it runs next.
    fn detail(&self) -> String {
        let same = self.containers.iter().find(|container| container.state == self.state);
        let detail = same.and_then(|container| Some((container, container.detail.as_deref()?)));
        let (workload, next) = (format!("{}/", self.name), self.next_run.as_deref());
        match (detail, next) {
            (Some((container, detail)), _) if self.containers.len() > 1 => {
                format!("{}: {detail}", container.name.strip_prefix(&workload).unwrap_or(&container.name))
            }
            (Some((_, detail)), _) => detail.to_owned(),
            (None, Some(next)) => format!("next run at {next}"),
            (None, None) => String::new(),
        }
    }
}

impl View for Workloads {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("WORKLOAD"),
            text("STATE"),
            number("CONTAINERS"),
            number("RESTARTS"),
            number("MEMORY").spare(),
            text("NETWORK").spare(),
            text("ADDRESSES").spare(),
            text("PORTS").spare(),
            text("DETAIL"),
        ]);
        for workload in &self.workloads {
            let containers = &workload.containers;
            let ready =
                containers.iter().filter(|one| matches!(one.state.as_str(), "ready" | "done")).count();
            table.row([
                printable(&workload.name).into(),
                state(&workload.state),
                format!("{ready}/{}", containers.len()).into(),
                containers.iter().map(|one| u64::from(one.restarts)).sum::<u64>().to_string().into(),
                size(containers.iter().fold(0, |sum: u64, one| sum.saturating_add(one.memory_bytes))).into(),
                printable(&workload.network).into(),
                printable(&workload.addresses.join(" ")).into(),
                printable(&workload.ports.join(" ")).into(),
                printable(&workload.detail()).into(),
            ]);
        }
        table
    }

    fn alone(&self, width: Width) -> String {
        let table = self.table().render(width);
        match &self.problem {
            Some(problem) => format!("{}\n{table}", Tone::Bad.paint(&printable(problem))),
            None => table,
        }
    }
}

impl View for Containers {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("CONTAINER"),
            text("STATE"),
            number("FOR"),
            number("RESTARTS"),
            number("MEMORY"),
            text("IMAGE").spare(),
            number("EXIT").spare(),
            number("PID").spare(),
            number("CPU").spare(),
            number("PROCS").spare(),
            text("DETAIL"),
        ]);
        for container in &self.0 {
            let number = |value: Option<u32>| value.map(|value| value.to_string()).unwrap_or_default();
            table.row([
                printable(&container.name).into(),
                container.state(),
                milliseconds(container.since_ms).into(),
                container.restarts.to_string().into(),
                size(container.memory_bytes).into(),
                printable(&container.image).into(),
                number(container.exit_code).into(),
                number(container.pid).into(),
                milliseconds(container.cpu_us / 1000).into(),
                container.processes.to_string().into(),
                printable(container.detail.as_deref().unwrap_or_default()).into(),
            ]);
        }
        table
    }
}

impl View for WorkloadDetail {
    /// Its containers.
    fn table(&self) -> Table {
        Containers(self.status.iter().flat_map(|status| status.containers.clone()).collect()).table()
    }

    fn alone(&self, width: Width) -> String {
        let Some(status) = &self.status else { return String::new() };
        let word = state(&status.state);
        let shown = facts([
            ("workload", printable(&status.name)),
            ("state", word.tone.paint(&word.text)),
            ("detail", printable(&status.detail())),
            (
                "essential",
                if status.essential { "yes: the node is unhealthy while it is" } else { "" }.into(),
            ),
            ("network", printable(&status.network)),
            ("addresses", printable(&status.addresses.join(" "))),
            ("ports", printable(&status.ports.join(" "))),
            ("next run", status.next_run.clone().unwrap_or_default()),
        ]);
        let settings = serde_json::to_string_pretty(&self.settings).unwrap_or_default();
        let settings: String = settings.lines().map(|line| printable(line) + "\n").collect();
        format!("{shown}\n{}\nsettings\n{settings}", self.table().render(width))
    }
}
