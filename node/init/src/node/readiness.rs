//! When the node counts as ready: state mounted, all services ready, the devices of the start looked at (an orderly stop needs
//! the power button), and the selftest passed if there is one. Until then, why not.

use std::collections::BTreeMap;

use corten_report::{Event, Ready};
use corten_sys::process::Exit;

use super::Image;
use super::programs::{Programs, Role};
use crate::cmdline::Selftest;
use crate::facts;
use crate::log::{Failure, Level, Log};
use crate::role::PROGRAM;
use crate::state::Kept;

/// A node that is not ready by then says so, and goes on trying.
const READY_TIMEOUT_MS: u64 = 120_000;

const HEALTH: &str = "/usr/lib/corten/health";
const SELFTEST: &str = "selftest.container";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    Open,
    Done,
}

/// What is still open, and what checks found.
#[derive(Debug)]
pub(super) struct Gate {
    image: Image,
    kept: Option<Kept>,
    services: Wait,
    devices: Wait,
    selftest: Wait,
    /// What the last check of each service said.
    found: BTreeMap<String, String>,
    /// Services that were ready once, with what their check said.
    ready: BTreeMap<String, String>,
    /// When it is told that the node is not ready; `None` once something was told.
    deadline: Option<u64>,
    announced: Wait,
}

impl Gate {
    pub(super) fn new(image: Image, kept: Option<Kept>, now: u64) -> Self {
        let selftest = if image.selftest == Selftest::Container { Wait::Open } else { Wait::Done };
        Self {
            image,
            kept,
            services: Wait::Open,
            devices: Wait::Open,
            selftest,
            found: BTreeMap::new(),
            ready: BTreeMap::new(),
            deadline: Some(now + READY_TIMEOUT_MS),
            announced: Wait::Open,
        }
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        self.deadline
    }

    /// Nothing is announced any more: the node stops.
    pub(super) fn close(&mut self) {
        self.announced = Wait::Done;
        self.deadline = None;
    }

    /// There is nothing left to wait for: say now that the node is not ready, if nothing was said yet.
    pub(super) fn gave_up(&mut self) {
        self.deadline = self.deadline.map(|_| 0);
    }

    pub(super) fn found(&mut self, service: &str, line: &str) {
        // A check may start its line with the name, which is said anyway.
        let text = line.strip_prefix(service).map_or(line, str::trim_start);
        self.found.insert(service.into(), text.into());
        if let Some(said) = self.ready.get_mut(service) {
            *said = text.into();
        }
    }

    /// What was found of a service last; empty if nothing was.
    pub(super) fn said(&self, service: &str) -> String {
        self.found.get(service).cloned().unwrap_or_default()
    }

    pub(super) fn service_ready(&mut self, service: &str) {
        let text = self.found.get(service).cloned().unwrap_or_else(|| "started".into());
        self.ready.insert(service.into(), text);
    }

    /// All services are ready; the selftest can start.
    pub(super) fn services_ready(&mut self, programs: &mut Programs<'_>) {
        self.services = Wait::Done;
        if self.selftest == Wait::Open && self.announced == Wait::Open {
            let words = [HEALTH, "container", "--program", PROGRAM, "--argument", "--version"];
            if let Err(error) = programs.own(Role::Selftest, "selftest", &words.map(String::from)) {
                self.found.insert(SELFTEST.into(), error.to_string());
            }
        }
    }

    pub(super) fn devices_settled(&mut self) {
        self.devices = Wait::Done;
    }

    pub(super) fn selftest_ended(&mut self, exit: Exit, line: &str) {
        if exit == Exit::Code(0) {
            self.selftest = Wait::Done;
            self.ready.insert(SELFTEST.into(), line.into());
        } else {
            self.found.insert(SELFTEST.into(), format!("{line} ({exit})"));
            // There is one test and no second try: say now that it failed.
            self.gave_up();
        }
    }

    /// What there is to tell now, if anything.
    pub(super) fn judge(&mut self, now: u64, not_ready: &[&str], log: &Log) -> Option<Event> {
        if self.announced == Wait::Done {
            return None;
        }
        // A service that was ready may be down again while the rest is waited for.
        if [self.services, self.devices, self.selftest] == [Wait::Done; 3] && not_ready.is_empty() {
            self.close();
            let seconds = now as f64 / 1000.0;
            log.write(Level::Notice, format_args!("ready {seconds:.2} s after the start of the kernel"));
            return Some(Event::Ready(self.describe(now)));
        }
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.deadline = None;
        let failure = Failure::new(
            "becoming ready",
            self.open(not_ready).join("; "),
            "the node stays up and goes on trying; the lines above say what the services print",
        );
        log.show(&failure, "going on");
        Some(Event::from(&failure))
    }

    fn describe(&self, now: u64) -> Ready {
        Ready {
            version: self.image.version.clone(),
            root_hash: self.image.root_hash.to_string(),
            secure_boot: self.image.secure_boot,
            kernel_to_ready_ms: now,
            memory_used_bytes: facts::memory_used(),
            processes: facts::processes().len() as u32,
            services: self.ready.clone(),
            machine_id: self.kept.as_ref().map_or_else(String::new, |kept| kept.machine_id.clone()),
            state: self.kept.as_ref().map(|kept| kept.report.clone()),
        }
    }

    fn open(&self, not_ready: &[&str]) -> Vec<String> {
        let said = |name: &str| self.found.get(name).map_or("nothing heard of it", String::as_str);
        let mut open: Vec<String> =
            not_ready.iter().map(|name| format!("service {name} is not ready: {}", said(name))).collect();
        if self.devices == Wait::Open {
            open.push("drivers of devices are still being loaded".into());
        }
        if self.services == Wait::Done && self.selftest == Wait::Open {
            open.push(format!("{SELFTEST}: {}", said(SELFTEST)));
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use corten_formats::verity::RootHash;

    use super::*;

    fn gate() -> Gate {
        let (version, root_hash, selftest) = ("1.0".into(), RootHash([7; 32]), Selftest::None);
        Gate::new(Image { version, root_hash, selftest, scrub_delay: 0, secure_boot: false }, None, 0)
    }

    #[test]
    fn a_service_that_is_down_again_keeps_the_node_from_being_ready() {
        let log = Log::open();
        let mut gate = gate();
        gate.services_ready(&mut Programs::new(&log));
        gate.found("web", "ended with exit code 1: no port");
        gate.devices_settled();
        assert_eq!(gate.judge(4000, &["web"], &log), None);
        let Some(Event::Failed(failed)) = gate.judge(READY_TIMEOUT_MS, &["web"], &log) else {
            panic!("the time is over")
        };
        assert_eq!(failed.why, "service web is not ready: ended with exit code 1: no port");
        assert!(matches!(gate.judge(READY_TIMEOUT_MS + 1, &[], &log), Some(Event::Ready(_))));
    }

    #[test]
    fn drivers_that_are_still_loaded_keep_the_node_from_being_ready() {
        let log = Log::open();
        let mut gate = gate();
        gate.services_ready(&mut Programs::new(&log));
        assert_eq!(gate.judge(1000, &[], &log), None);
        gate.devices_settled();
        assert!(matches!(gate.judge(2000, &[], &log), Some(Event::Ready(_))));
        assert_eq!(gate.judge(3000, &[], &log), None, "it is told once");
    }
}
