//! One container: what it is to be, what it is, and how it got there.

use corten_config::settings::{Container, RestartPolicy};
use serde::{Deserialize, Serialize};

use super::{Exited, Fingerprint, Ms, Rest};
use crate::checks::BackOff;

/// What a container does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Run {
    /// There is none.
    #[default]
    Nothing,
    /// Its image is looked for.
    Fetching,
    /// Its image is here.
    Fetched,
    /// It is being made.
    Starting,
    /// It runs.
    Up {
        /// Its process.
        pid: u32,
        /// What its checks say.
        ready: Ready,
    },
    /// It ended, and something is left of it.
    Over,
    /// What is left is being removed.
    Cleaning,
    /// Something could not be removed.
    Stuck {
        /// When it is tried again.
        again: Ms,
    },
    /// It waits before it is started again.
    BackOff {
        /// Until when.
        until: Ms,
    },
    /// It ended well and is not started again.
    Done,
    /// It ended and is not started again.
    Failed,
}

/// What the checks of a container say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// They have not passed yet.
    Checking,
    /// They pass, or there are none.
    Yes,
    /// One that decides whether it is ready fails.
    No,
}

/// Why a container is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It is not wanted any more, or not in this form.
    Unwanted,
    /// A person wants it started again.
    Again,
    /// Its checks say so.
    Unwell,
}

impl Run {
    /// Whether no process and no mount is there, and none is being made.
    pub(super) fn is_nothing(&self) -> bool {
        matches!(
            self,
            Self::Nothing | Self::Fetching | Self::Fetched | Self::BackOff { .. } | Self::Done | Self::Failed
        )
    }
}

/// A container.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// What it is to be; `None` for one that is not wanted any more.
    pub wanted: Option<Container>,
    /// The form of that.
    pub(super) wanted_form: Fingerprint,
    /// The form of what is there.
    pub(super) is: Option<Fingerprint>,
    /// Whether there is a record of it, which may stay when everything else goes.
    has_record: bool,
    /// What it does.
    pub run: Run,
    /// Since when.
    pub since: Ms,
    /// What is to be said about it.
    pub detail: String,
    /// Digest of its image.
    pub digest: String,
    /// How often it was started again.
    pub restarts: u32,
    /// How its last run ended.
    pub exited: Option<Exited>,
    /// Why it is to end while it runs.
    pub(super) ends: Option<Stop>,
    /// Whether it was told to.
    pub(super) is_told: bool,
    /// The form for which its image was asked for, until there is an answer.
    asked: Option<Fingerprint>,
    /// The image of the form that is wanted, while another form runs.
    next: Next,
    /// What follows once it is cleaned up.
    then: Then,
    backoff: BackOff,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Then {
    #[default]
    Nothing,
    /// It ended before it was known what its policy is.
    AsPolicySays,
    /// Milliseconds to wait.
    BackOff(Ms),
    Done,
    Failed,
}

/// Whether the image of another form is here. Only then does what runs give way to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    #[default]
    Unknown,
    Here,
    /// It could not be had.
    Trouble {
        again: Ms,
    },
}

/// A container that has ended and is not started again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Ended {
    form: Fingerprint,
    is_well: bool,
    exited: Option<Exited>,
}

impl Unit {
    fn set(&mut self, now: Ms, run: Run) {
        self.run = run;
        self.since = now;
    }

    pub(super) fn want(&mut self, now: Ms, container: Container, form: Fingerprint) {
        if self.wanted_form != form {
            self.wanted_form = form;
            self.backoff = BackOff::default();
            self.restarts = 0;
            self.next = Next::Unknown;
            // What ended in its old form, or waits to be tried again, starts in the new one.
            self.forget_end(now);
        }
        if self.then == Then::AsPolicySays
            && let Some(exited) = self.exited
        {
            self.then = self.after(now, exited, container.restart);
        }
        self.wanted = Some(container);
    }

    /// Whether what is there has to go: it is not wanted, or not in this form.
    pub(super) fn is_other(&self) -> bool {
        self.wanted.is_none() || self.is.as_ref().is_some_and(|is| *is != self.wanted_form)
    }

    /// Whether nothing but its record is there, and nobody wants that.
    pub(super) fn is_forgotten(&self) -> bool {
        self.wanted.is_none() && self.has_record && self.run.is_nothing()
    }

    /// Whether nothing is there of it, and no answer is waited for.
    pub(super) fn is_gone(&self) -> bool {
        self.run.is_nothing() && self.asked.is_none()
    }

    /// Whether the image of the form that is wanted is here, while another one runs.
    pub(super) fn has_next(&self) -> bool {
        self.next == Next::Here
    }

    /// Whether it is time to ask for that.
    pub(super) fn asks_for_next(&self, now: Ms) -> bool {
        let is_time = match self.next {
            Next::Unknown => true,
            Next::Here => false,
            Next::Trouble { again } => again <= now,
        };
        is_time && self.asked.is_none()
    }

    /// When that is tried again.
    pub(super) fn next_again(&self) -> Option<Ms> {
        match (&self.run, self.next) {
            (Run::Up { .. }, Next::Trouble { again }) if self.asked.is_none() => Some(again),
            _ => None,
        }
    }

    /// Its image is asked for. Returns whether nobody does so yet.
    pub(super) fn ask(&mut self) -> bool {
        let is_first = self.asked.is_none();
        self.asked.get_or_insert_with(|| self.wanted_form.clone());
        is_first
    }

    /// What a later daemon has to know of its end.
    pub(super) fn ended(&self) -> Option<Ended> {
        let is_well = match (&self.run, self.then) {
            (Run::Done, _) | (Run::Over | Run::Cleaning | Run::Stuck { .. }, Then::Done) => true,
            (Run::Failed, _) | (Run::Over | Run::Cleaning | Run::Stuck { .. }, Then::Failed) => false,
            _ => return None,
        };
        Some(Ended { form: self.wanted_form.clone(), is_well, exited: self.exited })
    }

    /// An earlier daemon saw its end. It is no end of another form.
    pub(super) fn recall(&mut self, now: Ms, ended: Ended) {
        if self.wanted.is_some() && self.wanted_form != ended.form {
            return;
        }
        self.wanted_form = ended.form;
        self.exited = ended.exited;
        self.detail = ended.exited.map(|exited| said(exited, "")).unwrap_or_default();
        self.set(now, if ended.is_well { Run::Done } else { Run::Failed });
    }

    pub(super) fn form(&self) -> &Fingerprint {
        &self.wanted_form
    }

    /// It was there before the daemon was.
    pub(super) fn found(&mut self, now: Ms, form: Fingerprint, pid: Option<u32>) {
        if self.wanted.is_none() {
            self.wanted_form.clone_from(&form);
        }
        self.is = Some(form);
        self.has_record = true;
        self.backoff.started(now);
        let Some(pid) = pid else {
            self.then = match self.run {
                Run::Done => Then::Done,
                Run::Failed => Then::Failed,
                _ => Then::Nothing,
            };
            self.set(now, Run::Over);
            return;
        };
        self.set(now, Run::Up { pid, ready: Ready::Checking });
    }

    /// Does what is planned for it: the state in which it is under way.
    pub(super) fn begin(&mut self, now: Ms, run: Run) {
        if run == Run::Starting {
            self.is = Some(self.wanted_form.clone());
            self.has_record = true;
            self.next = Next::Unknown;
        }
        self.set(now, run);
    }

    /// It is to end. The first reason counts.
    pub(super) fn stop(&mut self, now: Ms, why: Stop) {
        if matches!(self.run, Run::Up { .. }) && self.ends.is_none() {
            self.ends = Some(why);
            self.since = now;
        }
    }

    pub(super) fn fetched(&mut self, now: Ms, answer: Result<String, String>) {
        let Some(asked) = self.asked.take() else { return };
        let is_wanted = asked == self.wanted_form;
        match (&self.run, answer) {
            // Another image is wanted meanwhile.
            (Run::Fetching, _) if !is_wanted => self.set(now, Run::Nothing),
            (Run::Fetching, Ok(digest)) => {
                self.digest = digest;
                self.detail.clear();
                self.set(now, Run::Fetched);
            }
            (Run::Fetching, Err(why)) => self.try_again(now, why),
            (Run::Up { .. }, Ok(_)) if is_wanted => self.next = Next::Here,
            (Run::Up { .. }, Err(why)) if is_wanted => {
                self.next = Next::Trouble { again: now + NEXT_IMAGE };
                self.detail = format!("what it is to become waits for its image: {why}");
            }
            _ => {}
        }
    }

    pub(super) fn started(&mut self, now: Ms, answer: Result<u32, String>) {
        if self.run != Run::Starting {
            return;
        }
        match answer {
            Ok(pid) => {
                self.detail.clear();
                self.set(now, Run::Up { pid, ready: Ready::Checking });
                self.backoff.started(now);
                (self.ends, self.is_told) = (None, false);
            }
            Err(why) => {
                // Parts of it may be there.
                self.then = Then::BackOff(self.backoff.ended(now));
                self.restarts += 1;
                self.detail = why;
                self.set(now, Run::Over);
            }
        }
    }

    pub(super) fn exited(&mut self, now: Ms, exited: Exited) {
        if !matches!(self.run, Run::Up { .. }) {
            return;
        }
        self.exited = Some(exited);
        self.is_told = false;
        self.then = match (self.ends, self.wanted.as_ref().map(|container| container.restart)) {
            (Some(Stop::Unwanted | Stop::Again), _) => Then::Nothing,
            (_, None) => Then::AsPolicySays,
            (_, Some(policy)) => self.after(now, exited, policy),
        };
        self.ends = None;
        if self.then != Then::Nothing || self.detail.is_empty() {
            self.detail = said(exited, &self.detail);
        }
        self.set(now, Run::Over);
    }

    /// What follows an end that nobody asked for.
    fn after(&mut self, now: Ms, exited: Exited, policy: RestartPolicy) -> Then {
        let is_well = exited.code == 0 && !exited.out_of_memory && self.ends.is_none();
        match policy {
            RestartPolicy::OnFailure | RestartPolicy::Never if is_well => Then::Done,
            RestartPolicy::Never => Then::Failed,
            RestartPolicy::Always | RestartPolicy::OnFailure => {
                self.restarts += 1;
                Then::BackOff(self.backoff.ended(now))
            }
        }
    }

    pub(super) fn cleaned(&mut self, now: Ms, answer: Result<Rest, String>) {
        if self.run != Run::Cleaning {
            return;
        }
        match answer {
            Ok(rest) => self.has_record = rest == Rest::Record,
            Err(why) => {
                self.detail = why;
                self.set(now, Run::Stuck { again: now + RETRY });
                return;
            }
        }
        self.is = None;
        let run = match std::mem::take(&mut self.then) {
            Then::Nothing | Then::AsPolicySays => Run::Nothing,
            Then::BackOff(pause) => Run::BackOff { until: now + pause },
            Then::Done => Run::Done,
            Then::Failed => Run::Failed,
        };
        self.set(now, run);
    }

    pub(super) fn is_ready(&mut self, now: Ms, is: Ready, detail: String) {
        // One that is to end has its reason already.
        if self.ends.is_some() {
            return;
        }
        if let Run::Up { ready, .. } = &mut self.run {
            let changed = *ready != is;
            *ready = is;
            self.detail = detail;
            if changed {
                self.since = now;
            }
        }
    }

    pub(super) fn unwell(&mut self, now: Ms, why: String) {
        if matches!(self.run, Run::Up { .. }) && self.ends.is_none() {
            self.detail = why;
            self.stop(now, Stop::Unwell);
        }
    }

    /// What ended starts anew, without a pause.
    pub(super) fn forget_end(&mut self, now: Ms) {
        if matches!(self.run, Run::Done | Run::Failed | Run::BackOff { .. } | Run::Fetched) {
            self.detail.clear();
            self.set(now, Run::Nothing);
        }
        self.then = Then::Nothing;
    }

    pub(super) fn again(&mut self, now: Ms) {
        self.backoff = BackOff::default();
        self.stop(now, Stop::Again);
    }

    /// Whether it is ready, or ended as it was to.
    pub(super) fn counts_as_ready(&self) -> bool {
        match self.run {
            Run::Up { ready, .. } => ready == Ready::Yes && self.ends.is_none(),
            Run::Done => true,
            _ => false,
        }
    }

    /// What could not start may be able to now.
    pub(super) fn try_now(&mut self, now: Ms) {
        if matches!(self.run, Run::BackOff { .. }) && self.digest.is_empty() {
            self.set(now, Run::Nothing);
        }
        if matches!(self.next, Next::Trouble { .. }) {
            self.next = Next::Unknown;
        }
    }

    fn try_again(&mut self, now: Ms, why: String) {
        self.detail = why;
        let pause = self.backoff.ended(now);
        self.set(now, Run::BackOff { until: now + pause });
    }
}

/// Pause after the image of another form could not be had.
const NEXT_IMAGE: Ms = 30_000;
/// Pause after what is left of a container could not be removed.
const RETRY: Ms = 2_000;

/// How a run ended, in words, after what was said before.
fn said(exited: Exited, before: &str) -> String {
    let how = match exited.code {
        _ if exited.out_of_memory => "it needed more memory than it may have".to_owned(),
        code @ 129.. => format!("signal {}", code - 128),
        code => format!("exit code {code}"),
    };
    if before.is_empty() { how } else { format!("{before}; {how}") }
}
