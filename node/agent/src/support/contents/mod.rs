//! What goes into a bundle, as texts in a fixed order.

mod texts;

use std::fmt::{Display, Write as _};

use corten_api::v1;

use crate::facts::FactError;
use crate::logs::{Journal, rfc3339};

/// Makes a text when it is asked for.
type Later = Box<dyn FnOnce() -> String + Send>;

/// Lines of the journal that are looked at: what a text has room for.
const MAX_LINES: u32 = 20_000;

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// What it holds, secrets included: the bundle removes them.
    pub text: String,
}

/// What the agent knows. Facts that could not be read are said so in their place.
#[derive(Debug)]
pub struct Contents {
    /// What the node is.
    pub info: v1::InfoResponse,
    /// Its health.
    pub health: v1::HealthResponse,
    /// Services.
    pub services: Vec<v1::ServiceStatus>,
    /// Workloads.
    pub workloads: Vec<v1::WorkloadStatus>,
    /// Images, or why they are not known.
    pub images: Result<Vec<v1::Image>, String>,
    /// The merged configuration as TOML.
    pub config: String,
    /// Where its values are from.
    pub origins: Vec<v1::KeyOrigin>,
    /// The log.
    pub journal: Journal,
    /// Processes.
    pub processes: Result<Vec<v1::Process>, FactError>,
    /// Disks.
    pub disks: Result<Vec<v1::Disk>, FactError>,
    /// Mounts.
    pub mounts: Result<Vec<v1::Mount>, FactError>,
    /// Links.
    pub links: Result<Vec<v1::Link>, FactError>,
    /// Addresses.
    pub addresses: Result<Vec<v1::Address>, FactError>,
    /// Routes.
    pub routes: Result<Vec<v1::Route>, FactError>,
    /// Sockets.
    pub sockets: Result<Vec<v1::Socket>, FactError>,
    /// The start.
    pub timeline: Result<v1::TimelineResponse, FactError>,
    /// Events that are kept.
    pub events: Vec<v1::Event>,
    /// Entries of the audit log that are kept.
    pub audit: Vec<v1::AuditEntry>,
    /// Metrics as OpenMetrics text.
    pub metrics: String,
}

impl Contents {
    /// The files of the archive. Each text is made when it is asked for.
    pub fn sections(self) -> impl Iterator<Item = Section> + Send {
        let journal = self.journal.clone();
        let texts: [(&'static str, Later); 20] = [
            ("info.txt", Box::new(move || texts::info(&self.info))),
            ("health.txt", Box::new(move || texts::health(&self.health))),
            ("services.txt", Box::new(move || texts::services(&self.services))),
            ("workloads.txt", Box::new(move || texts::workloads(&self.workloads))),
            ("images.txt", Box::new(move || known(self.images, |list| texts::images(list)))),
            ("config.toml", Box::new(move || self.config)),
            ("origins.txt", Box::new(move || texts::origins(&self.origins))),
            ("logs.txt", Box::new(move || log(&self.journal, |source| source != "kernel"))),
            ("kernel.txt", Box::new(move || log(&journal, |source| source == "kernel"))),
            ("processes.txt", Box::new(move || known(self.processes, |list| texts::processes(list)))),
            ("disks.txt", Box::new(move || known(self.disks, |list| texts::disks(list)))),
            ("mounts.txt", Box::new(move || known(self.mounts, |list| texts::mounts(list)))),
            ("links.txt", Box::new(move || known(self.links, |list| texts::links(list)))),
            ("addresses.txt", Box::new(move || known(self.addresses, |list| texts::addresses(list)))),
            ("routes.txt", Box::new(move || known(self.routes, |list| texts::routes(list)))),
            ("sockets.txt", Box::new(move || known(self.sockets, |list| texts::sockets(list)))),
            ("timeline.txt", Box::new(move || known(self.timeline, texts::timeline))),
            ("events.txt", Box::new(move || texts::events(&self.events))),
            ("audit.txt", Box::new(move || texts::audit(&self.audit))),
            ("metrics.txt", Box::new(move || self.metrics)),
        ];
        texts.into_iter().map(|(name, text)| Section { name, text: text() })
    }
}

fn known<T, E: Display>(fact: Result<T, E>, text: impl FnOnce(&T) -> String) -> String {
    match fact {
        Ok(fact) => text(&fact),
        Err(error) => format!("not known: {error}\n"),
    }
}

/// The newest lines, oldest first.
fn log(journal: &Journal, wanted: impl Fn(&str) -> bool) -> String {
    let mut reader = journal.read(&v1::ReadLogsRequest { tail: MAX_LINES, ..v1::ReadLogsRequest::default() });
    let mut out = String::new();
    let lines = std::iter::from_fn(|| reader.next_kept()).filter(|line| wanted(&line.source));
    for line in lines {
        let v1::LogLine { source, at_ns, level, text, lost, .. } = line;
        if lost > 0 {
            let _ = writeln!(out, "({lost} lines lost)");
        }
        let _ = writeln!(out, "{} {source} {level} {text}", rfc3339(at_ns));
    }
    out
}

#[cfg(test)]
mod tests;
