//! What a run makes of what it sees: a state machine without clock and I/O.
//!
//! It is fed everything that happens, with the time since power-on, and answers with what is to be done. When QEMU
//! is gone it says how the run ended.

use std::time::Duration;

use corten_report::Event;

use crate::control::Wish;
use crate::qmp::{Message, Origin, QmpEvent};

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until the node is ready; then its power button is pressed.
    Ready,
    /// Until the machine is off.
    Off,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From power-on to ready.
    pub ready: Option<Duration>,
    /// From power-on to off.
    pub total: Option<Duration>,
    /// From the first press of the power button to off, and from a node's word that it gives way to another version
    /// to its restart.
    pub stop: Duration,
}

impl Default for Limits {
    /// 180 s to be ready, 120 s to stop, no limit for the whole. A service has 30 s to stop unless its recipe says
    /// otherwise, init ends what is left for 7 s, and the last data has to be written.
    fn default() -> Self {
        Self { ready: Some(Duration::from_mins(3)), total: None, stop: Duration::from_mins(2) }
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The guest switched the machine off.
    PoweredOff,
    /// The guest restarted the machine, and the machine ends with that.
    Restarted,
    /// The guest hung until its watchdog restarted the machine, and the machine ends with that.
    Hung,
    /// The guest's kernel panicked and said so to the machine.
    Panicked,
    /// The guest waits for something that never comes, or seems to: it has reported nothing. It is started once more.
    Standstill,
    /// The node was not ready in time.
    NotReady,
    /// The node reported that it can't become ready.
    NodeFailed,
    /// The run took longer than it may.
    TimedOut,
    /// The power button was pressed and the machine was not off in time.
    NotStopped,
    /// It was wanted that the power be cut.
    Killed,
    /// QEMU can't go on with the guest, and why.
    Broken(String),
    /// QEMU ended without anybody having asked for it.
    Died {
        /// Its exit status.
        status: String,
        /// What it wrote to standard error.
        message: String,
    },
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PoweredOff => write!(f, "the node is off"),
            Self::Restarted => write!(f, "the node restarted"),
            Self::Hung => write!(f, "the node hung and its watchdog restarted it"),
            Self::Panicked => write!(f, "the kernel panicked"),
            Self::Standstill => write!(f, "the guest stood still before it reported anything"),
            Self::NotReady => write!(f, "the node was not ready in time"),
            Self::NodeFailed => write!(f, "the node reported a failure"),
            Self::TimedOut => write!(f, "the run took longer than it may"),
            Self::NotStopped => write!(f, "the node did not stop in time and was ended"),
            Self::Killed => write!(f, "the node was ended without being asked to stop"),
            Self::Broken(why) => write!(f, "QEMU can't go on: {why}"),
            Self::Died { status, message } if message.is_empty() => write!(f, "QEMU ended ({status})"),
            Self::Died { status, message } => write!(f, "QEMU ended ({status}): {message}"),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A line on the report port.
    Report(&'a Event),
    /// A line from QEMU.
    Message(&'a Message),
    /// Something on the console; what it says does not matter.
    Console,
    /// How long processors have worked for QEMU until now.
    Worked(Duration),
    /// Somebody wants something.
    Wish(Wish),
    /// Time went by.
    Time,
}

/// Something to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Press the power button.
    PowerButton,
    /// Ask QEMU for the state of the machine.
    AskStatus,
    /// End QEMU.
    Kill,
}

/// A node that failed prints why after it reported it; this long is waited for that.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A node that failed says next what it does about that. It may have to look for another version on its disk first,
/// and the host may be busy.
const DECISION: Duration = Duration::from_secs(10);

/// A guest that is to become ready, has reported nothing, and does nothing for so long: under software emulation the
/// interrupt that a processor waits for is lost now and then, and nothing runs any more. (Seen on QEMU 10.0, in guests
/// with two processors.)
const STANDSTILL: Duration = Duration::from_secs(20);
/// The same of one that has reported nothing until then, whatever it does: the other processor may go on to tick, or the
/// one that waits may look again and again. A kernel reports after seconds.
const UNHEARD: Duration = Duration::from_secs(90);
/// Nothing is less than this part of a processor: QEMU itself looks about from time to time.
const NOTHING: u32 = 50;

/// What comes after a stop that the node announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Another version, which may become ready.
    OtherVersion,
    /// The same version, which would fail again, or nothing.
    Nothing,
}

impl Next {
    /// By the cause that the node told.
    fn after(cause: &str) -> Self {
        match cause {
            "fall-back" | "not-ready" => Self::OtherVersion,
            _ => Self::Nothing,
        }
    }
}

/// A press of the power button is lost on a guest that has no driver for it yet, so it is pressed again.
const PRESS_AGAIN: Duration = Duration::from_secs(5);

/// The state of a run.
#[derive(Debug)]
pub struct Watch {
    until: Until,
    limits: Limits,
    /// A machine that gave no sign until then is broken. Set where the accelerator is in doubt.
    silence: Option<Duration>,
    sign: bool,
    /// When QEMU had last done something, and how long processors had worked for it by then. Until the first report of a
    /// guest that may stand still.
    worked: Option<(Duration, Duration)>,
    ready: Option<Duration>,
    failed: Option<Duration>,
    stopping: Option<(Duration, Next)>,
    first_press: Option<Duration>,
    last_press: Option<Duration>,
    interrupted: bool,
    bitten: bool,
    shutdown: Option<(Origin, String)>,
    end: Option<End>,
}

impl Watch {
    /// A run that begins now.
    pub fn new(until: Until, limits: Limits, silence: Option<Duration>) -> Self {
        Self {
            until,
            limits,
            silence,
            sign: false,
            worked: None,
            ready: None,
            failed: None,
            stopping: None,
            first_press: None,
            last_press: None,
            interrupted: false,
            bitten: false,
            shutdown: None,
            end: None,
        }
    }

    /// The same of a guest that may stand still before it reports anything, and is started once more then.
    pub fn which_may_stand_still(self) -> Self {
        Self { worked: Some((Duration::ZERO, Duration::ZERO)), ..self }
    }

    /// Takes in what happened at `now` and says what is to be done.
    pub fn on(&mut self, now: Duration, input: &Input<'_>) -> Option<Act> {
        if self.end.is_some() {
            return None;
        }
        let act = match input {
            Input::Report(event) => self.on_report(now, event),
            Input::Message(message) => self.on_message(message),
            Input::Console => {
                self.sign = true;
                None
            }
            Input::Worked(worked) => self.on_work(now, *worked),
            Input::Wish(Wish::Kill) => Some(self.kill(End::Killed)),
            Input::Wish(Wish::Interrupt) if self.interrupted => Some(self.kill(End::Killed)),
            Input::Wish(wish) => {
                self.interrupted |= *wish == Wish::Interrupt;
                Some(self.press(now))
            }
            Input::Time => None,
        };
        act.or_else(|| self.on_time(now))
    }

    fn on_report(&mut self, now: Duration, event: &Event) -> Option<Act> {
        self.sign = true;
        self.worked = None;
        match event {
            Event::Ready(_) if self.ready.is_none() => {
                self.ready = Some(now);
                (self.until == Until::Ready && self.first_press.is_none()).then(|| self.press(now))
            }
            Event::Failed(_) => {
                self.failed.get_or_insert(now);
                None
            }
            // It will not become ready, and stays up until somebody stops it, however long that takes.
            Event::Maintenance(_) => {
                self.limits.ready = None;
                (self.until == Until::Ready && self.first_press.is_none()).then(|| self.press(now))
            }
            Event::Stopping { cause } => {
                self.stopping = Some((now, Next::after(cause)));
                None
            }
            _ => None,
        }
    }

    fn on_work(&mut self, now: Duration, worked: Duration) -> Option<Act> {
        let (at, before) = self.worked?;
        let idle = now.saturating_sub(at);
        if worked.saturating_sub(before) >= idle / NOTHING {
            self.worked = Some((now, worked));
            return None;
        }
        (self.may_stand_still() && idle >= STANDSTILL).then(|| self.kill(End::Standstill))
    }

    fn on_message(&mut self, message: &Message) -> Option<Act> {
        match message {
            Message::Event(QmpEvent::Stopped) => Some(Act::AskStatus),
            Message::Event(QmpEvent::Shutdown { by, reason }) => {
                self.shutdown = Some((*by, reason.clone()));
                None
            }
            Message::Event(QmpEvent::Watchdog { .. }) => {
                self.bitten = true;
                None
            }
            // What is reported of one start says nothing about the next.
            Message::Event(QmpEvent::Reset { by: Origin::Guest, .. }) => {
                self.bitten = false;
                self.failed = None;
                self.stopping = None;
                None
            }
            Message::Status(status) if matches!(status.as_str(), "internal-error" | "io-error") => {
                Some(self.kill(End::Broken(status.clone())))
            }
            _ => None,
        }
    }

    fn on_time(&mut self, now: Duration) -> Option<Act> {
        let past = self.ends().into_iter().find(|(limit, _)| limit.is_some_and(|limit| now >= limit));
        if let Some((_, end)) = past {
            return Some(self.kill(end));
        }
        self.next_press().is_some_and(|press| now >= press).then(|| self.press(now))
    }

    /// When [`Watch::on`] has to be called at the latest, even if nothing happens.
    pub fn deadline(&self) -> Option<Duration> {
        self.ends().into_iter().filter_map(|(limit, _)| limit).chain(self.next_press()).min()
    }

    /// When the run would end, and how; of those that are due, the first one is told.
    fn ends(&self) -> [(Option<Duration>, End); 6] {
        let (failure, failed) = self.failure_limit().unzip();
        let silent = self.silence.unwrap_or_default().as_secs();
        [
            (self.first_press.map(|press| press + self.limits.stop), End::NotStopped),
            (self.limits.total, End::TimedOut),
            (failure, failed.unwrap_or(End::NodeFailed)),
            (self.limits.ready.filter(|_| self.waits_for_ready()), End::NotReady),
            (self.may_stand_still().then_some(UNHEARD), End::Standstill),
            (self.silence_limit(), End::Broken(format!("no sign of the guest after {silent} s"))),
        ]
    }

    /// A failure ends only a run that is there for ready; a person may want to look at the node. Nor does it end one
    /// whose node gives way to another version: such a node gets the time to stop. One that would start the same
    /// version again, after a pause for people to read why, is not waited for.
    fn failure_limit(&self) -> Option<(Duration, End)> {
        let failed = self.failed.filter(|_| self.until == Until::Ready && self.waits_for_ready())?;
        Some(match self.stopping {
            None => (failed + DECISION, End::NodeFailed),
            Some((at, Next::OtherVersion)) => (at + self.limits.stop, End::NotStopped),
            Some((at, Next::Nothing)) => (at + LAST_WORDS, End::NodeFailed),
        })
    }

    fn waits_for_ready(&self) -> bool {
        self.ready.is_none() && self.first_press.is_none()
    }

    fn may_stand_still(&self) -> bool {
        self.worked.is_some() && self.limits.ready.is_some() && self.waits_for_ready()
    }

    fn silence_limit(&self) -> Option<Duration> {
        self.silence.filter(|_| !self.sign && self.first_press.is_none())
    }

    fn next_press(&self) -> Option<Duration> {
        self.last_press.filter(|_| self.stopping.is_none()).map(|press| press + PRESS_AGAIN)
    }

    fn press(&mut self, now: Duration) -> Act {
        self.first_press.get_or_insert(now);
        self.last_press = Some(now);
        Act::PowerButton
    }

    fn kill(&mut self, end: End) -> Act {
        self.end = Some(end);
        Act::Kill
    }

    /// How the run ended, now that QEMU is gone with this exit status and last message.
    pub fn end(self, status: String, message: String) -> End {
        if let Some(end) = self.end {
            return end;
        }
        match self.shutdown {
            Some((Origin::Guest, reason)) if reason == "guest-reset" && self.bitten => End::Hung,
            Some((Origin::Guest, reason)) if reason == "guest-reset" => End::Restarted,
            Some((Origin::Guest, reason)) if reason == "guest-panic" => End::Panicked,
            Some((Origin::Guest, _)) => End::PoweredOff,
            _ => End::Died { status, message },
        }
    }
}

#[cfg(test)]
mod tests;
