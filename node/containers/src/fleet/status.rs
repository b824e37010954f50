//! How workloads and containers are, in the words of the API.

use super::unit::{Ready, Run, Unit};
use super::{Group, Link};

/// How a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContainerState {
    /// It ended and is not started again.
    Failed,
    /// It waits before it is started again.
    BackOff,
    /// It waits for another workload, or for the network.
    Waiting,
    /// Its image is being fetched.
    Pulling,
    /// It is being made.
    Starting,
    /// It runs, and a check has not passed yet.
    Running,
    /// It runs, and a check says that it is not ready.
    Unready,
    /// It was told to end.
    Stopping,
    /// A person stopped it, or its time has not come.
    Stopped,
    /// It runs and is ready.
    Ready,
    /// It ended well.
    Done,
}

/// How a workload is: as the worst of its containers, or between two runs of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadState {
    /// As its containers are.
    Of(ContainerState),
    /// A job that waits for its time.
    Scheduled,
}

impl ContainerState {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::BackOff => "back-off",
            Self::Waiting => "waiting",
            Self::Pulling => "pulling",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Unready => "unready",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Ready => "ready",
            Self::Done => "done",
        }
    }
}

impl WorkloadState {
    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Of(state) => state.word(),
            Self::Scheduled => "scheduled",
        }
    }
}

impl Unit {
    /// How it is, in a workload that runs or not.
    pub fn state(&self, group: &Group) -> ContainerState {
        match &self.run {
            Run::Up { .. } if self.ends.is_some() => ContainerState::Stopping,
            Run::Up { ready: Ready::Checking, .. } => ContainerState::Running,
            Run::Up { ready: Ready::Yes, .. } => ContainerState::Ready,
            Run::Up { ready: Ready::No, .. } => ContainerState::Unready,
            Run::Fetching => ContainerState::Pulling,
            Run::Starting => ContainerState::Starting,
            Run::Over | Run::Cleaning | Run::Stuck { .. } => ContainerState::Stopping,
            Run::BackOff { .. } => ContainerState::BackOff,
            Run::Done => ContainerState::Done,
            Run::Failed => ContainerState::Failed,
            Run::Nothing | Run::Fetched if group.is_held || (group.is_job() && !group.is_due) => {
                ContainerState::Stopped
            }
            Run::Nothing | Run::Fetched => ContainerState::Waiting,
        }
    }
}

impl Group {
    /// How it is.
    pub fn state(&self) -> WorkloadState {
        let worst = self.units.values().map(|unit| unit.state(self)).min().unwrap_or(ContainerState::Stopped);
        let rests = matches!(worst, ContainerState::Stopped | ContainerState::Done);
        if self.is_job() && !self.is_due && !self.is_held && rests {
            return WorkloadState::Scheduled;
        }
        WorkloadState::Of(worst)
    }

    /// What keeps all its containers from running, in words; empty where nothing does.
    pub fn trouble(&self) -> &str {
        match &self.link {
            Link::Trouble { why, .. } | Link::Stuck { why, .. } => why,
            _ => "",
        }
    }
}
