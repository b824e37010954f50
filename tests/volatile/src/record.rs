//! Everything that happened to a disk, in order. Pure data; the clock counts events, not seconds.

use std::sync::Arc;

/// A disk writes a sector whole or not at all; nothing larger is whole by itself. Disks with sectors of 4096 bytes
/// promise more, so this is the worse case.
pub const SECTOR: u64 = 512;

/// A moment: the number of requests that came in, and of answers that went out, until then.
pub type Tick = u64;

/// What a write leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Arc<[u8]>),
    /// So many zeros: a write of zeros, or a trim.
    Zeros(u64),
}

impl Content {
    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(length) => *length,
        }
    }
}

/// A change of a range of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// Where it begins, bytes, a multiple of [`SECTOR`].
    pub offset: u64,
    /// What it leaves.
    pub content: Content,
    /// Whether it is durable once it is answered ("force unit access").
    pub forced: bool,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The disk changes.
    Write(Write),
    /// What was answered before becomes durable.
    Flush,
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Write(Write { offset, content, forced }) = self else { return f.write_str("flush") };
        let what = if matches!(content, Content::Zeros(_)) { "zeros" } else { "bytes" };
        let forced = if *forced { ", forced" } else { "" };
        write!(f, "{} {what} at {offset}{forced}", content.length())
    }
}

/// A request with the moments at which it came in and was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// What it is about.
    pub action: Action,
    /// When it came in.
    pub received: Tick,
    /// When its answer went out, if it did.
    pub answered: Option<Tick>,
}

/// All writes and flushes of a run, in the order in which they came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    operations: Vec<Operation>,
    now: Tick,
}

impl Record {
    /// A request comes in; the answer is its number.
    pub fn receive(&mut self, action: Action) -> usize {
        self.now += 1;
        self.operations.push(Operation { action, received: self.now, answered: None });
        self.operations.len() - 1
    }

    /// The request of this number is answered.
    pub fn answer(&mut self, number: usize) {
        if let Some(operation) = self.operations.get_mut(number) {
            self.now += 1;
            operation.answered.get_or_insert(self.now);
        }
    }

    /// The requests.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The writes, with their operations.
    pub fn writes(&self) -> impl Iterator<Item = (&Operation, &Write)> {
        self.operations.iter().filter_map(|operation| match &operation.action {
            Action::Write(write) => Some((operation, write)),
            Action::Flush => None,
        })
    }

    /// The number of flushes.
    pub fn flushes(&self) -> usize {
        self.operations.iter().filter(|operation| operation.action == Action::Flush).count()
    }

    /// The last moment.
    pub fn end(&self) -> Tick {
        self.now
    }
}
