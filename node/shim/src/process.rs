//! A process of a container, the first one or one beside it, from when it is asked for until it is forgotten.

use std::os::fd::OwnedFd;

use corten_sys::process::Signal;
use prost_types::Timestamp;

use crate::api::containerd::v1::types::Status;
use crate::console::{Copied, Terminal};
use crate::events;
use crate::stdio::{Held, Places};
use crate::wire::{Code, Fault};

/// Where an answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The connection.
    pub connection: u64,
    /// The stream on it.
    pub stream: u32,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Its exit code, or 128 and the number of the signal that ended it.
    pub status: u32,
    /// When.
    pub at: Timestamp,
}

impl Ended {
    /// Now.
    pub fn now(status: u32) -> Self {
        Self { status, at: events::now() }
    }
}

/// How far a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It is known, and is not there yet, or waits to be let go.
    Created,
    /// The runtime lets it go at this moment. Its end is told after its start.
    Starting,
    /// It runs.
    Running,
    /// It does not get a processor.
    Paused,
    /// It ended.
    Stopped,
}

/// A process.
#[derive(Debug)]
pub struct Process {
    /// Its number; 0 while there is none.
    pub pid: u32,
    /// How far it is.
    pub stage: Stage,
    /// How it ended, once it has.
    pub ended: Option<Ended>,
    /// Where its input and output lead.
    pub places: Places,
    /// What keeps pipes of it open.
    pub held: Held,
    /// Its terminal.
    pub terminal: Option<Terminal>,
    /// The end of what is copied from its terminal.
    pub copied: Option<Copied>,
    /// Signals that came while it was being started, before it had a number.
    pub pending: Vec<Signal>,
    /// Who wants to know when it ends.
    pub waiting: Vec<Reply>,
}

impl Process {
    /// One that is not there yet.
    pub fn new(places: Places) -> Self {
        Self {
            pid: 0,
            stage: Stage::Created,
            ended: None,
            places,
            held: Held::default(),
            terminal: None,
            copied: None,
            pending: Vec::new(),
            waiting: Vec::new(),
        }
    }

    /// Takes a terminal, and copies what goes through it.
    ///
    /// # Errors
    /// If its pipes can't be opened.
    pub fn attach(&mut self, terminal: OwnedFd) -> Result<(), Fault> {
        let (terminal, held, copied) = Terminal::connect(terminal, &self.places)?;
        self.terminal = Some(terminal);
        self.held = held;
        self.copied = copied;
        Ok(())
    }

    /// Notes how it ended. What it held is let go, so that whoever reads its output comes to the end.
    pub fn end(&mut self, ended: Ended) {
        self.ended = Some(ended);
        self.held = Held::default();
        self.terminal = None;
    }

    /// How containerd calls how far it is.
    pub fn status(&self) -> Status {
        match self.stage {
            Stage::Created => Status::Created,
            Stage::Starting | Stage::Running => Status::Running,
            Stage::Paused => Status::Paused,
            Stage::Stopped => Status::Stopped,
        }
    }

    /// Its exit code; of one that has not ended, 0.
    pub fn exit_status(&self) -> u32 {
        self.ended.as_ref().map(|ended| ended.status).unwrap_or_default()
    }

    /// The number of a process that signals can be sent to.
    ///
    /// # Errors
    /// If there is none, or none any more.
    pub fn alive(&self) -> Result<u32, Fault> {
        // Its number may be another's once it was waited for.
        if self.ended.is_some() || self.pid == 0 {
            return Err(Fault::new(Code::NotFound, "process already finished"));
        }
        Ok(self.pid)
    }
}
