//! What the supervisor is told and what it says: pure data.

use corten_services::{ReadyBy, Restart, Service, Start};

/// What the decisions need to know of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Services that must be ready first, by place in the table.
    pub after: Vec<usize>,
    /// How its readiness is found out.
    pub readiness: Readiness,
    /// Time between the polite and the final signal.
    pub stop_ms: u64,
    /// Whether it is started again when it ended by itself.
    pub restart: Restart,
    /// When it is started.
    pub start: Start,
}

impl Unit {
    /// What the supervisor needs to know of the services of a table.
    pub fn all(table: &[Service]) -> Vec<Self> {
        let place = |name: &String| table.iter().position(|other| other.name == *name);
        let unit = |service: &Service| Self {
            after: service.after.iter().filter_map(place).collect(),
            readiness: match (service.ready_by, service.ready.is_empty(), service.restart) {
                (ReadyBy::Notice, ..) => Readiness::Told,
                (ReadyBy::Check, false, _) => Readiness::Checked,
                (ReadyBy::Check, true, Restart::Never) => Readiness::Ended,
                (ReadyBy::Check, true, _) => Readiness::Started,
            },
            stop_ms: u64::from(service.stop_seconds) * 1000,
            restart: service.restart,
            start: service.start,
        };
        table.iter().map(unit).collect()
    }
}

/// How the readiness of a service is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is ready as soon as its program runs.
    Started,
    /// A check says so.
    Checked,
    /// It says so itself.
    Told,
    /// It is ready when it ended well: a job.
    Ended,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The program of a service runs.
    Started(usize),
    /// The main process of a service ended, or could not be started, which is a failure.
    Ended(usize, Ending),
    /// The check of a service ended.
    Checked(usize, Check),
    /// A service says that it is ready.
    Told(usize),
    /// Somebody asks for something to be done with a service.
    Asked(usize, Wish),
    /// Everything is to stop.
    Stop,
    /// Time passed.
    Time,
}

/// What somebody wants of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// That it runs.
    Start,
    /// That it does not.
    Stop,
    /// That it stops and starts again.
    Restart,
}

/// How a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With exit code 0.
    Success,
    /// In any other way.
    Failure,
}

/// What a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The service answers.
    Ready,
    /// It does not; to be asked again.
    NotReady,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the program of a service.
    Start(usize),
    /// Start its check.
    Check(usize),
    /// A service is ready.
    Ready(usize),
    /// A service will be started again after this many milliseconds.
    Retry(usize, u64),
    /// A service failed and is not started again.
    GiveUp(usize),
    /// Ask a service to stop.
    Terminate(usize),
    /// End it.
    Kill(usize),
    /// It did not end when it was killed, and is not waited for any more.
    Leave(usize),
    /// All services are ready, for the first time.
    AllReady,
    /// Nothing runs any more, after [`Input::Stop`].
    AllStopped,
}
