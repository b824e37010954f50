//! What programs of the node ask for: who may, and what comes of it.

use corten_control::{Answer, Partition, Request, Status, Then};
use corten_services::{ReadyBy, Requests as May};
use corten_sys::clock::monotonic_ms;
use corten_sys::host::Down;
use corten_sys::peer::Peer;
use corten_sys::process::Exit;

use super::Node;
use super::programs::Role;
use super::requests::{Asked, ClientId};
use crate::health::Stop;
use crate::log::{Level, truncate};
use crate::role::PROGRAM;
use crate::supervisor::{Input, Wish};

/// Bytes of what a service says of itself.
const MAX_FOUND: usize = 400;

/// Time between two lines of the log about requests that are refused: anybody may ask, and the log has an end.
const REFUSALS_MS: u64 = 10_000;

/// Work that a client waits for, each done by a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Work {
    /// Make the machine what the agent wrote. May take as long as the check of a large disk.
    Apply,
    /// Mark partitions that are made anew at the next start, then go down.
    Reset,
    /// Show lines on consoles, any of which may take nothing for a while.
    Show,
}

/// Who waits for work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    client: ClientId,
    /// How the machine goes down once it is done, if it does.
    then: Option<Then>,
}

impl Node<'_> {
    /// Takes in what clients ask for.
    pub(super) fn take_requests(&mut self) {
        for asked in self.requests.take_in(monotonic_ms()) {
            let Asked { client, peer, request } = asked;
            let done = request.and_then(|request| self.ask(client, peer, request));
            match done {
                Ok(Some(answer)) => self.requests.answer(client, &answer),
                // It waits, or goes on listening.
                Ok(None) => {}
                Err(why) => {
                    self.log_refusal(peer, &why);
                    self.requests.answer(client, &Answer::Refused { why });
                }
            }
        }
    }

    fn log_refusal(&mut self, peer: Peer, why: &str) {
        let now = monotonic_ms();
        if self.refusal_ms.is_some_and(|last| now.saturating_sub(last) < REFUSALS_MS) {
            return;
        }
        self.refusal_ms = Some(now);
        let why: String = why.chars().filter(|character| !character.is_control()).take(200).collect();
        let Peer { uid, pid } = peer;
        let text = format_args!("a request of process {pid} of user {uid} was refused: {why}");
        self.log.write(Level::Warning, text);
    }

    fn ask(&mut self, client: ClientId, peer: Peer, request: Request) -> Result<Option<Answer>, String> {
        if let Request::Ready { found } = request {
            return self.told(peer, found).map(|()| Some(Answer::Accepted));
        }
        let may = peer.uid == 0
            || self
                .table
                .iter()
                .any(|service| service.account.uid == peer.uid && service.requests == May::Everything);
        if !may {
            return Err(format!("user {} asked, and only root and what manages the node may", peer.uid));
        }
        match request {
            Request::PowerOff => self.go_down(Then::PowerOff)?,
            Request::Restart => self.go_down(Then::Restart)?,
            Request::Services => return Ok(Some(Answer::Services { services: self.status() })),
            Request::Watch => {
                let services = self.status();
                self.requests.watch(client, &Answer::Services { services: services.clone() });
                self.shown = services;
                return Ok(None);
            }
            Request::Going => {
                let then = self.going.map(|how| match how {
                    Down::PowerOff => Then::PowerOff,
                    Down::Restart => Then::Restart,
                });
                return Ok(Some(Answer::Going { then }));
            }
            Request::StartService { service } => self.wish(&service, Wish::Start)?,
            Request::StopService { service } => self.wish(&service, Wish::Stop)?,
            Request::RestartService { service } => self.wish(&service, Wish::Restart)?,
            Request::Show { lines } => {
                self.work(Work::Show, Waiting { client, then: None }, lines)?;
                return Ok(None);
            }
            Request::Apply => {
                self.work(Work::Apply, Waiting { client, then: None }, Vec::new())?;
                return Ok(None);
            }
            Request::Reset { partitions, then } => {
                self.check_going(then)?;
                if partitions.is_empty() {
                    return Err("no partition is named".into());
                }
                let names = partitions.iter().map(|partition| match partition {
                    Partition::State => "state".to_string(),
                    Partition::OtherSlot => "other-slot".to_string(),
                });
                self.work(Work::Reset, Waiting { client, then: Some(then) }, names.collect())?;
                return Ok(None);
            }
            Request::Ready { .. } => {}
        }
        Ok(Some(Answer::Accepted))
    }

    /// A service says that it is ready.
    fn told(&mut self, peer: Peer, mut found: String) -> Result<(), String> {
        let at = (0..self.table.len()).find(|at| self.programs.main(*at) == Some(peer.pid));
        let service = at.and_then(|at| Some((at, self.table.get(at)?)));
        let Some((at, service)) = service.filter(|(_, service)| service.ready_by == ReadyBy::Notice) else {
            return Err(format!("process {} is no service that says itself that it is ready", peer.pid));
        };
        truncate(&mut found, MAX_FOUND);
        self.gate.found(&service.name, &found);
        self.feed(Input::Told(at));
        Ok(())
    }

    fn wish(&mut self, name: &str, wish: Wish) -> Result<(), String> {
        if self.going.is_some() {
            return Err("the machine is going down".into());
        }
        let at = self.table.iter().position(|service| service.name == name);
        let at = at.ok_or_else(|| format!("there is no service {name:?}"))?;
        self.log.write(Level::Notice, format_args!("{name}: {wish:?} by request"));
        self.feed(Input::Asked(at, wish));
        Ok(())
    }

    /// Who asks for something else than what is being done already is refused.
    fn check_going(&self, then: Then) -> Result<(), String> {
        match (self.going, then) {
            (Some(Down::PowerOff), Then::Restart) => Err("the machine is being switched off".into()),
            (Some(Down::Restart), Then::PowerOff) => Err("the machine is being restarted".into()),
            _ => Ok(()),
        }
    }

    fn go_down(&mut self, then: Then) -> Result<(), String> {
        self.check_going(then)?;
        let how = match then {
            Then::PowerOff => Down::PowerOff,
            Then::Restart => Down::Restart,
        };
        self.stop(how, "request", Stop::Wanted);
        Ok(())
    }

    /// Starts a child for a client. One of a kind at a time: two would work on the same things.
    fn work(&mut self, work: Work, waiting: Waiting, words: Vec<String>) -> Result<(), String> {
        if self.working.contains_key(&work) {
            return Err(format!("{work:?} is still being done: try again in a moment"));
        }
        let name = match work {
            Work::Apply => "apply",
            Work::Reset => "reset",
            Work::Show => "show",
        };
        let command: Vec<String> = [PROGRAM.into(), name.into()].into_iter().chain(words).collect();
        self.programs.own(Role::Work(work), name, &command).map_err(|error| format!("{name}: {error}"))?;
        self.working.insert(work, waiting);
        Ok(())
    }

    /// The child that a client waits for ended.
    pub(super) fn work_ended(&mut self, work: Work, exit: Exit, last_line: &str) {
        let Some(Waiting { client, then }) = self.working.remove(&work) else { return };
        if exit != Exit::Code(0) {
            let why = if last_line.is_empty() { exit.to_string() } else { last_line.to_string() };
            return self.requests.answer(client, &Answer::Refused { why });
        }
        self.requests.answer(client, &Answer::Accepted);
        if let Some(Err(why)) = then.map(|then| self.go_down(then)) {
            self.log.write(Level::Warning, why);
        }
    }

    /// The status of all services.
    fn status(&self) -> Vec<Status> {
        let status = |(at, service): (usize, &corten_services::Service)| {
            let (state, since_ms, restarts) = self.supervisor.status(at)?;
            Some(Status {
                name: service.name.clone(),
                state,
                pid: self.programs.main(at),
                since_ms,
                restarts,
                found: self.gate.said(&service.name),
            })
        };
        self.table.iter().enumerate().filter_map(status).collect()
    }

    /// Tells those who watch what is not as it was when they were told last.
    pub(super) fn tell_changes(&mut self) {
        if !self.requests.has_watchers() {
            return;
        }
        let now = self.status();
        for (status, before) in now.iter().zip(&self.shown) {
            if status != before {
                self.requests.tell_watchers(&Answer::Changed { service: status.clone() });
            }
        }
        self.shown = now;
    }
}
