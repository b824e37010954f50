//! What containers use, at one moment after the other.

use corten_api::v1;
use serde::Serialize;

use super::facts::some;
use super::output::View;
use super::table::{Cell, Table, Tone, number, printable, text};
use super::units::{share, size, time};

/// Percent of its memory from which on a container has little left, and as good as nothing.
const MUCH: u64 = 80;
const TOO_MUCH: u64 = 95;

/// What the containers of a node use. Fields are those of `corten.v1.WorkloadStats`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usage {
    at: Option<String>,
    containers: Vec<OfContainer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct OfContainer {
    name: String,
    cpu_millis: u64,
    memory_bytes: u64,
    memory_max_bytes: Option<u64>,
    processes: u32,
    read_bytes: u64,
    written_bytes: u64,
    received_bytes: u64,
    sent_bytes: u64,
}

impl From<v1::WorkloadStats> for Usage {
    fn from(stats: v1::WorkloadStats) -> Self {
        let of = |usage: v1::ContainerUsage| OfContainer {
            name: usage.name,
            cpu_millis: usage.cpu_millis,
            memory_bytes: usage.memory_bytes,
            memory_max_bytes: Some(usage.memory_max_bytes).filter(|bytes| *bytes != 0),
            processes: usage.processes,
            read_bytes: usage.read_bytes,
            written_bytes: usage.written_bytes,
            received_bytes: usage.received_bytes,
            sent_bytes: usage.sent_bytes,
        };
        Self { at: some(time(stats.at_ns)), containers: stats.containers.into_iter().map(of).collect() }
    }
}

impl OfContainer {
    fn memory(&self) -> Cell {
        let percent = self.memory_max_bytes.and_then(|most| share(self.memory_bytes, most));
        let tone = match percent {
            Some(TOO_MUCH..) => Tone::Bad,
            Some(MUCH..) => Tone::Waiting,
            _ => Tone::Plain,
        };
        Cell::of(size(self.memory_bytes), tone)
    }
}

impl View for Usage {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("CONTAINER"),
            number("CPU"),
            number("MEMORY"),
            number("OF"),
            number("PROCS").spare(),
            number("READ").spare(),
            number("WRITTEN").spare(),
            number("RECEIVED").spare(),
            number("SENT").spare(),
        ]);
        for usage in &self.containers {
            table.row([
                printable(&usage.name).into(),
                // Of one processor.
                format!("{}.{} %", usage.cpu_millis / 10, usage.cpu_millis % 10).into(),
                usage.memory(),
                usage.memory_max_bytes.map(size).unwrap_or_default().into(),
                usage.processes.to_string().into(),
                size(usage.read_bytes).into(),
                size(usage.written_bytes).into(),
                size(usage.received_bytes).into(),
                size(usage.sent_bytes).into(),
            ]);
        }
        table
    }
}
