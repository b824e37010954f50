//! Which service runs, waits, is tried again or stops: decided from events and the time, without doing anything.
//!
//! ```text
//!            all that it comes after are ready          its check found it ready
//!  Waiting ------------------------------------> Starting -----------------------> Ready
//!     ^                                              |                               |
//!     |  back-off is over                            | main process ended            |
//!     +--------------------- BackOff <---------------+-------------------------------+
//!
//!  A service that ended and is not to be started again is Done, which counts as ready for those that come after it,
//!  or Failed, which does not.
//!
//!  By request one service alone is started, stopped (Ending, then Off) or stopped and started again (Ending, then
//!  Waiting). Off counts as ready: nobody asked for it.
//!
//!  Stop: a service is terminated once nothing that comes after it runs, killed when its time is over, and left behind
//!  if it does not even end then.
//! ```

mod backoff;
mod words;

use backoff::BackOff;
use corten_control::State as Shown;
use corten_services::{Restart, Start};
pub use words::{Action, Check, Ending, Input, Readiness, Unit, Wish};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nobody asked for it.
    Off,
    Waiting,
    /// Its start was ordered; the program runs, or is about to.
    Starting {
        check_at: Option<u64>,
    },
    Ready,
    /// Ended well and is not started again.
    Done,
    /// Ended badly and is not started again.
    Failed,
    BackOff {
        until: u64,
    },
    /// Asked to stop by itself; killed once the time is over, which is then none.
    Ending {
        kill_at: Option<u64>,
        then: After,
    },
    Stopping {
        kill_at: u64,
    },
    /// Killed, and left behind then if it does not even end by that.
    Killed {
        leave_at: u64,
    },
    Stopped,
}

/// What comes once a service has stopped by request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Off,
    Start,
}

impl State {
    /// Whether those that come after it can start.
    fn is_ready(self) -> bool {
        matches!(self, Self::Off | Self::Ready | Self::Done)
    }

    fn runs(self) -> bool {
        matches!(
            self,
            Self::Starting { .. }
                | Self::Ready
                | Self::Ending { .. }
                | Self::Stopping { .. }
                | Self::Killed { .. }
        )
    }

    fn shown(self) -> Shown {
        match self {
            Self::Off => Shown::Off,
            Self::Waiting => Shown::Waiting,
            Self::Starting { .. } => Shown::Starting,
            Self::Ready => Shown::Ready,
            Self::Done => Shown::Done,
            Self::Failed => Shown::Failed,
            Self::BackOff { .. } => Shown::BackOff,
            Self::Ending { .. } | Self::Stopping { .. } | Self::Killed { .. } => Shown::Stopping,
            Self::Stopped => Shown::Stopped,
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    unit: Unit,
    state: State,
    backoff: BackOff,
    /// The wait after the last check that found the service not ready; 0 if there was none since its start.
    check_wait_ms: u64,
    /// When what is shown of its state began.
    since_ms: u64,
    starts: u32,
}

/// A check that found a service not ready is made again after this time at first, and twice the time each time.
const CHECK_AGAIN_MS: u64 = 1000;
const CHECK_AGAIN_LONGEST_MS: u64 = 16_000;
/// A process that waits for a device ends only when that answers. Nothing waits longer for one that was killed.
const LEAVE_MS: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Stopping,
    Stopped,
}

/// The state of all services.
#[derive(Clone, Debug)]
pub struct Supervisor {
    entries: Vec<Entry>,
    phase: Phase,
}

impl Supervisor {
    /// Services that all wait; [`Input::Time`] starts the first ones.
    pub fn new(units: Vec<Unit>) -> Self {
        let entry = |unit: Unit| Entry {
            state: if unit.start == Start::Boot { State::Waiting } else { State::Off },
            unit,
            backoff: BackOff::default(),
            check_wait_ms: 0,
            since_ms: 0,
            starts: 0,
        };
        Self { entries: units.into_iter().map(entry).collect(), phase: Phase::Starting }
    }

    /// Takes in what happened and says what is to be done now.
    pub fn handle(&mut self, now_ms: u64, input: &Input) -> Vec<Action> {
        let mut actions = Vec::new();
        let before: Vec<Shown> = self.entries.iter().map(|entry| entry.state.shown()).collect();
        match *input {
            Input::Started(at) => self.started(at, now_ms, &mut actions),
            Input::Ended(at, ending) => self.ended(at, ending, now_ms, &mut actions),
            Input::Checked(at, check) => self.checked(at, check, now_ms, &mut actions),
            Input::Told(at) => self.told(at, &mut actions),
            Input::Asked(at, wish) => self.asked(at, wish, now_ms, &mut actions),
            Input::Stop if self.phase != Phase::Stopped => self.phase = Phase::Stopping,
            Input::Stop | Input::Time => {}
        }
        match self.phase {
            Phase::Starting | Phase::Ready => self.advance(now_ms, &mut actions),
            Phase::Stopping => self.wind_down(now_ms, &mut actions),
            Phase::Stopped => {}
        }
        for (entry, before) in self.entries.iter_mut().zip(before) {
            if entry.state.shown() != before {
                entry.since_ms = now_ms;
            }
        }
        actions
    }

    /// What can be shown of a service: its state, since when, and how often it was started again.
    pub fn status(&self, at: usize) -> Option<(Shown, u64, u32)> {
        let entry = self.entries.get(at)?;
        Some((entry.state.shown(), entry.since_ms, entry.starts.saturating_sub(1)))
    }

    /// When [`Input::Time`] is due at the latest.
    pub fn deadline(&self) -> Option<u64> {
        let stopping = self.phase == Phase::Stopping;
        let due = |entry: &Entry| match entry.state {
            // While everything stops, what others still need is left as it is.
            State::Starting { check_at } => check_at.filter(|_| !stopping),
            State::BackOff { until: at }
            | State::Stopping { kill_at: at }
            | State::Killed { leave_at: at } => Some(at),
            State::Ending { kill_at, .. } => kill_at,
            State::Off | State::Waiting | State::Ready | State::Done | State::Failed | State::Stopped => None,
        };
        self.entries.iter().filter_map(due).min()
    }

    /// Services that are not ready, by place in the table.
    pub fn not_ready(&self) -> Vec<usize> {
        let open = self.entries.iter().enumerate().filter(|(_, entry)| !entry.state.is_ready());
        open.map(|(at, _)| at).collect()
    }

    fn started(&mut self, at: usize, now_ms: u64, actions: &mut Vec<Action>) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        if !matches!(entry.state, State::Starting { .. }) {
            return;
        }
        entry.backoff.started(now_ms);
        entry.starts = entry.starts.saturating_add(1);
        entry.check_wait_ms = 0;
        match entry.unit.readiness {
            Readiness::Started => {
                entry.state = State::Ready;
                actions.push(Action::Ready(at));
            }
            Readiness::Checked => actions.push(Action::Check(at)),
            Readiness::Told | Readiness::Ended => {}
        }
    }

    fn ended(&mut self, at: usize, ending: Ending, now_ms: u64, actions: &mut Vec<Action>) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        if !entry.state.runs() {
            return;
        }
        if matches!(self.phase, Phase::Stopping | Phase::Stopped) {
            entry.state = State::Stopped;
            return;
        }
        if let State::Ending { then, .. } = entry.state {
            // By request, so it has nothing to wait for.
            entry.backoff = BackOff::default();
            entry.state = if then == After::Start { State::Waiting } else { State::Off };
            return;
        }
        let again = match entry.unit.restart {
            Restart::Always => true,
            Restart::OnFailure => ending == Ending::Failure,
            Restart::Never => false,
        };
        if !again {
            let was_ready = entry.state == State::Ready;
            match ending {
                Ending::Success => {
                    entry.state = State::Done;
                    actions.extend((!was_ready).then_some(Action::Ready(at)));
                }
                Ending::Failure => {
                    entry.state = State::Failed;
                    actions.push(Action::GiveUp(at));
                }
            }
            return;
        }
        let wait = entry.backoff.ended(now_ms);
        entry.state = State::BackOff { until: now_ms.saturating_add(wait) };
        actions.push(Action::Retry(at, wait));
    }

    fn checked(&mut self, at: usize, check: Check, now_ms: u64, actions: &mut Vec<Action>) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        match (entry.state, check) {
            (State::Starting { .. }, Check::Ready) => {
                entry.state = State::Ready;
                actions.push(Action::Ready(at));
            }
            (State::Starting { .. }, Check::NotReady) => {
                let wait = (entry.check_wait_ms * 2).clamp(CHECK_AGAIN_MS, CHECK_AGAIN_LONGEST_MS);
                entry.check_wait_ms = wait;
                entry.state = State::Starting { check_at: Some(now_ms.saturating_add(wait)) };
            }
            // The service ended while its check ran.
            _ => {}
        }
    }

    fn told(&mut self, at: usize, actions: &mut Vec<Action>) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        if entry.unit.readiness == Readiness::Told && matches!(entry.state, State::Starting { .. }) {
            entry.state = State::Ready;
            actions.push(Action::Ready(at));
        }
    }

    fn asked(&mut self, at: usize, wish: Wish, now_ms: u64, actions: &mut Vec<Action>) {
        if matches!(self.phase, Phase::Stopping | Phase::Stopped) {
            return;
        }
        let Some(entry) = self.entries.get_mut(at) else { return };
        let end = |then| State::Ending { kill_at: Some(now_ms.saturating_add(entry.unit.stop_ms)), then };
        entry.state = match (entry.state, wish) {
            // What is about to end gets another future, and no second signal.
            (State::Ending { kill_at, .. }, Wish::Stop) => State::Ending { kill_at, then: After::Off },
            (State::Ending { kill_at, .. }, Wish::Start | Wish::Restart) => {
                State::Ending { kill_at, then: After::Start }
            }
            (running @ (State::Starting { .. } | State::Ready), Wish::Start) => running,
            (State::Starting { .. } | State::Ready, Wish::Stop | Wish::Restart) => {
                actions.push(Action::Terminate(at));
                end(if wish == Wish::Stop { After::Off } else { After::Start })
            }
            (_, Wish::Stop) => State::Off,
            (_, Wish::Start | Wish::Restart) => State::Waiting,
        };
    }

    fn advance(&mut self, now_ms: u64, actions: &mut Vec<Action>) {
        let ready: Vec<bool> = self.entries.iter().map(|entry| entry.state.is_ready()).collect();
        let is_ready = |at: &usize| ready.get(*at).copied().unwrap_or(false);
        for (at, entry) in self.entries.iter_mut().enumerate() {
            match entry.state {
                State::BackOff { until } if until > now_ms => continue,
                State::Ending { kill_at: Some(due), then } if due <= now_ms => {
                    entry.state = State::Ending { kill_at: None, then };
                    actions.push(Action::Kill(at));
                    continue;
                }
                State::Starting { check_at: Some(due) } if due <= now_ms => {
                    entry.state = State::Starting { check_at: None };
                    actions.push(Action::Check(at));
                    continue;
                }
                State::BackOff { .. } | State::Waiting => {}
                _ => continue,
            }
            entry.state = State::Waiting;
            if entry.unit.after.iter().all(is_ready) {
                entry.state = State::Starting { check_at: None };
                actions.push(Action::Start(at));
            }
        }
        if self.phase == Phase::Starting && ready.iter().all(|ready| *ready) {
            self.phase = Phase::Ready;
            actions.push(Action::AllReady);
        }
    }

    fn wind_down(&mut self, now_ms: u64, actions: &mut Vec<Action>) {
        // First, since what it came after need not run for it any more.
        for (at, entry) in self.entries.iter_mut().enumerate() {
            if matches!(entry.state, State::Killed { leave_at } if leave_at <= now_ms) {
                entry.state = State::Stopped;
                actions.push(Action::Leave(at));
            }
        }
        // Asked to stop already, so not asked again.
        for entry in &mut self.entries {
            if let State::Ending { kill_at, .. } = entry.state {
                let leave_at = now_ms.saturating_add(LEAVE_MS);
                entry.state =
                    kill_at.map_or(State::Killed { leave_at }, |kill_at| State::Stopping { kill_at });
            }
        }
        let runs: Vec<bool> = self.entries.iter().map(|entry| entry.state.runs()).collect();
        let needed: Vec<usize> = (self.entries.iter().zip(&runs))
            .filter(|(_, runs)| **runs)
            .flat_map(|(entry, _)| entry.unit.after.iter().copied())
            .collect();
        for (at, entry) in self.entries.iter_mut().enumerate() {
            match entry.state {
                State::Off | State::Waiting | State::BackOff { .. } | State::Done | State::Failed => {
                    entry.state = State::Stopped;
                }
                State::Starting { .. } | State::Ready if !needed.contains(&at) => {
                    entry.state = State::Stopping { kill_at: now_ms.saturating_add(entry.unit.stop_ms) };
                    actions.push(Action::Terminate(at));
                }
                State::Stopping { kill_at } if kill_at <= now_ms => {
                    entry.state = State::Killed { leave_at: now_ms.saturating_add(LEAVE_MS) };
                    actions.push(Action::Kill(at));
                }
                _ => {}
            }
        }
        if self.entries.iter().all(|entry| entry.state == State::Stopped) {
            self.phase = Phase::Stopped;
            actions.push(Action::AllStopped);
        }
    }
}

#[cfg(test)]
mod tests;
