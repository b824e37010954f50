//! What the supervisor says is to be done, done.

use std::collections::VecDeque;

use corten_report::{Event, Step};
use corten_services::Kill;
use corten_sys::clock::monotonic_ms;
use corten_sys::process::{self, Signal};

use super::Node;
use crate::cgroup;
use crate::log::Level;
use crate::supervisor::{Action, Check, Ending, Input};

impl Node<'_> {
    /// Gives the supervisor an event, does what it says, and gives it what comes of that.
    pub(super) fn feed(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            for action in self.supervisor.handle(monotonic_ms(), &input) {
                inputs.extend(self.act(action));
            }
        }
    }

    fn act(&mut self, action: Action) -> Option<Input> {
        let now = monotonic_ms();
        match action {
            Action::Start(at) => return self.start(at, now),
            Action::Check(at) => {
                let service = self.table.get(at)?;
                if let Err(error) = self.programs.check(at, service) {
                    self.gate.found(&service.name, &error.to_string());
                    return Some(Input::Checked(at, Check::NotReady));
                }
            }
            Action::Ready(at) => {
                let start = self.started_ms.get(at).copied().unwrap_or(now);
                if let Some(service) = self.table.get(at) {
                    self.gate.service_ready(&service.name);
                    self.step(&format!("service.{}", service.name), start, now);
                }
            }
            Action::Retry(at, wait) => {
                if let Some(service) = self.table.get(at) {
                    self.log
                        .write(Level::Warning, format_args!("{} starts again in {wait} ms", service.name));
                }
            }
            Action::GiveUp(at) => {
                if let Some(service) = self.table.get(at) {
                    let text = format_args!("{} failed and is not started again", service.name);
                    self.log.write(Level::Error, text);
                    self.gate.gave_up();
                }
            }
            Action::Terminate(at) => self.terminate(at),
            Action::Kill(at) => {
                if let Some(service) = self.table.get(at) {
                    self.log
                        .write(Level::Warning, format_args!("{} did not stop in time: killed", service.name));
                    if service.kill == Kill::Group {
                        self.end_group(at);
                    }
                    // It may have left its group.
                    self.programs.signal_main(at, Signal::KILL);
                }
            }
            Action::Leave(at) => {
                if let Some(service) = self.table.get(at) {
                    let text =
                        format_args!("{} does not end though it was killed: left behind", service.name);
                    self.log.write(Level::Error, text);
                }
            }
            Action::AllReady => {
                self.gate.services_ready(&mut self.programs);
            }
            Action::AllStopped => self.stopped_ms = Some(now),
        }
        None
    }

    pub(super) fn step(&mut self, name: &str, start_ms: u64, end_ms: u64) {
        self.log.write(Level::Info, format_args!("{name} took {} ms", end_ms.saturating_sub(start_ms)));
        self.timeline.record(name, start_ms, end_ms);
        self.reporter.send(&Event::Step(Step { name: name.into(), start_ms, end_ms }));
    }

    fn start(&mut self, at: usize, now: u64) -> Option<Input> {
        let service = self.table.get(at)?;
        if let Some(started) = self.started_ms.get_mut(at) {
            *started = now;
        }
        match self.programs.start(at, service) {
            Ok(()) => Some(Input::Started(at)),
            Err(error) => {
                self.log.write(Level::Error, format_args!("{}: {error}", service.name));
                self.gate.found(&service.name, &error.to_string());
                Some(Input::Ended(at, Ending::Failure))
            }
        }
    }

    fn terminate(&mut self, at: usize) {
        let Some(service) = self.table.get(at) else { return };
        let mut asked = match service.kill {
            Kill::Process => Vec::new(),
            Kill::Group => cgroup::processes(&service.name),
        };
        // Once, also where it left its group: some programs take a second signal for impatience.
        asked.extend(self.programs.main(at).filter(|main| !asked.contains(main)));
        for pid in asked {
            if let Err(error) = process::kill(pid, Signal::TERM) {
                self.log.write(Level::Warning, error);
            }
        }
    }

    pub(super) fn end_group(&self, at: usize) {
        let Some(service) = self.table.get(at) else { return };
        if let Err(error) = cgroup::kill(&service.name) {
            self.log.write(Level::Warning, format_args!("cgroup of {}: {error}", service.name));
        }
    }
}
