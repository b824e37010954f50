//! What a container's checks say of it. Pure: times are milliseconds of a clock that nobody sets, and are passed in.
//!
//! ```text
//!              startup passes               liveness fails too often
//! startup ───────────────────> running ───────────────────────────────> over: restart
//!    └── fails too often ────────────────────────────────────────────────^
//! ```
//!
//! Checks are made at the same distance from one another, however long each takes; one that takes longer than its
//! interval leaves out those that it missed. The startup check and that of readiness are made at once, since others wait
//! for them; that of liveness first after its interval.

use super::ask::NotPassed;

/// Which check of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Has to pass once before the others are made.
    Startup,
    /// Restarts the container when it fails.
    Liveness,
    /// Whether the container counts as ready.
    Readiness,
}

impl Which {
    const ALL: [Self; 3] = [Self::Startup, Self::Liveness, Self::Readiness];

    /// As people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Liveness => "liveness",
            Self::Readiness => "readiness",
        }
    }
}

/// How often a check is made, and how often it may fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Milliseconds between two; 1 at least.
    pub interval_ms: u64,
    /// Failures in a row that are too many; 1 at least.
    pub failures: u32,
}

/// The checks that a container has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Paces {
    /// Of the startup check.
    pub startup: Option<Pace>,
    /// Of the liveness check.
    pub liveness: Option<Pace>,
    /// Of the readiness check.
    pub readiness: Option<Pace>,
}

/// What became of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is ready.
    Ready,
    /// It is not ready any more, or has not become so in the time that it had.
    Unready {
        /// Which check says so, and why.
        reason: String,
    },
    /// A check failed, which changes nothing yet.
    Failed {
        /// Which one, and why.
        reason: String,
    },
    /// It has to be restarted; no check is due any more.
    Restart {
        /// Which check says so, and why.
        reason: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Startup,
    Running,
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ready {
    NotYet,
    Yes,
    No,
}

#[derive(Clone, Copy, Debug)]
struct Track {
    which: Which,
    pace: Pace,
    due_ms: u64,
    /// Since when an answer is waited for.
    asked_ms: Option<u64>,
    /// In a row.
    failed: u32,
}

/// The checks of one run of a container.
#[derive(Clone, Debug)]
pub struct Machine {
    tracks: Vec<Track>,
    phase: Phase,
    ready: Ready,
}

impl Machine {
    /// The container was started now. With what that means at once: without checks it is ready.
    pub fn new(paces: Paces, now_ms: u64) -> (Self, Option<News>) {
        let pace = |which| match which {
            Which::Startup => paces.startup,
            Which::Liveness => paces.liveness,
            Which::Readiness => paces.readiness,
        };
        let track = |which| {
            let Pace { interval_ms, failures } = pace(which)?;
            let pace = Pace { interval_ms: interval_ms.max(1), failures: failures.max(1) };
            Some(Track { which, pace, due_ms: now_ms, asked_ms: None, failed: 0 })
        };
        let tracks = Which::ALL.into_iter().filter_map(track).collect();
        let mut machine = Self { tracks, phase: Phase::Startup, ready: Ready::NotYet };
        let news = if paces.startup.is_none() { machine.run(now_ms) } else { None };
        (machine, news)
    }

    /// When the next check is due. `None` while there is none, or while answers have to come first.
    pub fn due_ms(&self) -> Option<u64> {
        let due = self.tracks.iter().filter(|track| self.is_active(track) && track.asked_ms.is_none());
        due.map(|track| track.due_ms).min()
    }

    /// A check to make now. To be called until there is none; each answer goes to [`Self::answered`].
    pub fn next(&mut self, now_ms: u64) -> Option<Which> {
        let phase = self.phase;
        let track = self.tracks.iter_mut().find(|track| {
            is_active(phase, track.which) && track.asked_ms.is_none() && track.due_ms <= now_ms
        })?;
        track.asked_ms = Some(now_ms);
        Some(track.which)
    }

    /// A check passed, or failed with a reason. One that could not be made is made again when the next is due.
    pub fn answered(&mut self, which: Which, answer: Result<(), NotPassed>, now_ms: u64) -> Option<News> {
        let is_active = is_active(self.phase, which);
        let track = self.tracks.iter_mut().find(|track| track.which == which)?;
        let asked_ms = track.asked_ms.take()?;
        let Pace { interval_ms, failures } = track.pace;
        // The first moment of its grid that is behind the question and not over yet.
        let steps = |until: u64| until.saturating_sub(track.due_ms);
        let step = (steps(asked_ms) / interval_ms + 1).max(steps(now_ms).div_ceil(interval_ms));
        track.due_ms = track.due_ms.saturating_add(step.saturating_mul(interval_ms));
        if !is_active {
            return None;
        }
        let found = match answer {
            Ok(()) => {
                track.failed = 0;
                return match which {
                    Which::Startup => self.run(now_ms),
                    Which::Liveness => None,
                    Which::Readiness => self.become_ready(),
                };
            }
            Err(NotPassed::NotMade(_)) => return None,
            Err(NotPassed::Failed(found)) => found,
        };
        track.failed = track.failed.saturating_add(1);
        let name = which.name();
        if track.failed < failures {
            return Some(News::Failed { reason: format!("{name} check failed: {found}") });
        }
        let reason = match failures {
            1 => format!("{name} check failed: {found}"),
            _ => format!("{name} check failed {failures} times in a row: {found}"),
        };
        match which {
            Which::Startup | Which::Liveness => {
                self.phase = Phase::Over;
                Some(News::Restart { reason })
            }
            Which::Readiness if self.ready == Ready::No => Some(News::Failed { reason }),
            Which::Readiness => {
                self.ready = Ready::No;
                Some(News::Unready { reason })
            }
        }
    }

    /// Whether the container counts as ready.
    pub fn is_ready(&self) -> bool {
        self.ready == Ready::Yes && self.phase == Phase::Running
    }

    fn run(&mut self, now_ms: u64) -> Option<News> {
        self.phase = Phase::Running;
        for track in &mut self.tracks {
            let pause = if track.which == Which::Liveness { track.pace.interval_ms } else { 0 };
            track.due_ms = now_ms.saturating_add(pause);
        }
        let waits = self.tracks.iter().any(|track| track.which == Which::Readiness);
        if waits { None } else { self.become_ready() }
    }

    fn become_ready(&mut self) -> Option<News> {
        let is_news = self.ready != Ready::Yes;
        self.ready = Ready::Yes;
        is_news.then_some(News::Ready)
    }

    fn is_active(&self, track: &Track) -> bool {
        is_active(self.phase, track.which)
    }
}

fn is_active(phase: Phase, which: Which) -> bool {
    match phase {
        Phase::Startup => which == Which::Startup,
        Phase::Running => which != Which::Startup,
        Phase::Over => false,
    }
}

#[cfg(test)]
mod tests;
