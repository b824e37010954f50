//! A node that runs, as a step of a story sees it: what it reports, its console, the command, the wire.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::Command;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use corten_api::identity::Identity;
use corten_report::{Event, Ready};
use corten_vm::{Control, Forward, Machine};
use serde_json::Value;

use super::followed::Followed;
use super::owner::Owner;
use super::wire::Wire;
use crate::ran::Ran;
use crate::workshop::Workshop;

/// How long a node may take for what does not depend on its boot.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// How long a boot may take.
const BOOT: Duration = Duration::from_mins(5);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// The port of the API.
const API: u16 = 7443;

/// What a machine is seen to do.
pub enum Seen {
    /// It runs.
    Started(Control),
    /// A line on its console.
    Console(String),
    /// It reported something.
    Report(Event),
}

/// A node that runs.
pub struct Node<'a> {
    /// Where files go.
    pub workshop: &'a Workshop,
    /// Its name among the contexts.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// The port of this machine that leads to its API.
    pub port: u16,
    /// Lines of its console until now.
    pub console: Vec<String>,
    /// What it said when it was ready the last time.
    pub ready: Option<Ready>,
    events: Vec<Event>,
    receive: Receiver<Seen>,
    control: Option<Control>,
    registered: bool,
    kept: BTreeMap<String, Rc<dyn Any>>,
    start: Instant,
}

/// A port of this machine that is free now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Adds a port of this machine that leads to the API.
pub fn forward(machine: &mut Machine) -> Result<u16> {
    let host = free_port()?;
    machine.forwards.push(Forward { host, guest: API });
    Ok(host)
}

impl<'a> Node<'a> {
    pub(super) fn new(
        workshop: &'a Workshop,
        name: &str,
        owner: Owner,
        port: u16,
        receive: Receiver<Seen>,
    ) -> Self {
        Self {
            workshop,
            name: name.to_owned(),
            owner,
            port,
            console: Vec::new(),
            ready: None,
            events: Vec::new(),
            receive,
            control: None,
            registered: false,
            kept: BTreeMap::new(),
            start: Instant::now(),
        }
    }

    /// Seconds since the machine was made.
    pub fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Keeps something under a name for the steps that follow, until the machine is told to end.
    pub fn keep(&mut self, name: &str, thing: impl Any) {
        self.kept.insert(name.to_owned(), Rc::new(thing));
    }

    /// What an earlier step kept under this name.
    pub fn kept<T: Any>(&self, name: &str) -> Result<Rc<T>> {
        let kept = self.kept.get(name).and_then(|kept| Rc::clone(kept).downcast().ok());
        kept.with_context(|| format!("no step before this one has kept {name}"))
    }

    /// Takes in what has happened, and waits a while for more where nothing has. `false` when the machine is gone.
    fn take(&mut self, wait: Duration) -> bool {
        let mut next = self.receive.recv_timeout(wait);
        while let Ok(seen) = next {
            match seen {
                Seen::Started(control) => self.control = Some(control),
                Seen::Console(line) => self.console.push(line),
                Seen::Report(event) => self.events.push(event),
            }
            next = self.receive.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        !matches!(next, Err(RecvTimeoutError::Disconnected))
    }

    /// Waits until the node is ready, from the last report that was waited for on.
    pub fn becomes_ready(&mut self) -> Result<()> {
        self.waits_for("ready", |event| match event {
            Event::Ready(ready) => Some(Ok(ready.clone())),
            Event::Failed(why) => Some(Err(anyhow!("{}: {}", why.what, why.why))),
            Event::Maintenance(why) => Some(Err(anyhow!("maintenance: {}", why.why))),
            _ => None,
        })?
        .map(|ready| self.ready = Some(ready))
    }

    /// Waits for a report that is looked for.
    pub fn waits_for<T>(&mut self, what: &str, look: impl Fn(&Event) -> Option<T>) -> Result<T> {
        let end = Instant::now() + BOOT;
        loop {
            let events = std::mem::take(&mut self.events);
            let mut events = events.into_iter();
            for event in events.by_ref() {
                if let Some(found) = look(&event) {
                    self.events = events.collect();
                    return Ok(found);
                }
            }
            ensure!(Instant::now() < end, "it was not {what} in time");
            ensure!(self.take(PAUSE), "the machine ended before it was {what}");
        }
    }

    /// Waits for a line on the console, and returns it.
    pub fn console_shows(&mut self, text: &str) -> Result<String> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.console.iter().rev().find(|line| line.contains(text)) {
                return Ok(line.clone());
            }
            ensure!(Instant::now() < end, "{text:?} is not on the console");
            ensure!(self.take(PAUSE), "the machine ended before {text:?} was on the console");
        }
    }

    /// Does something again and again until it succeeds.
    pub fn until<T>(
        &mut self,
        patience: Duration,
        mut done: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let end = Instant::now() + patience;
        loop {
            match done(self) {
                Ok(found) => return Ok(found),
                Err(why) if Instant::now() >= end => return Err(why.context("not in time")),
                Err(_) => {
                    self.take(PAUSE);
                }
            }
        }
    }

    /// `corten node`, ready for what it is to do.
    pub fn command(&mut self) -> Result<Command> {
        if !self.registered {
            self.owner.register(&mut self.workshop.corten(), &self.name, self.port)?;
            self.registered = true;
        }
        let mut command = self.workshop.corten();
        command.args(["node", "--contexts"]).arg(self.owner.contexts()).args(["-n", &self.name]);
        Ok(command)
    }

    /// Runs `corten node` to its end.
    pub fn run(&mut self, arguments: &[&str]) -> Result<Ran> {
        Ran::new(self.command()?.args(arguments))
    }

    /// Starts `corten node` and leaves it running.
    pub fn follows(&mut self, arguments: &[&str]) -> Result<Followed> {
        Followed::start(self.command()?.args(arguments))
    }

    /// What `corten node -o json` finds.
    pub fn ask(&mut self, arguments: &[&str]) -> Result<Value> {
        let ran = Ran::new(self.command()?.args(["-o", "json"]).args(arguments))?;
        ran.exits_with(0).with_context(|| format!("{arguments:?}"))?;
        let printed = ran.json()?;
        let found = printed.get(0).and_then(|answer| answer.get("result"));
        Ok(found.with_context(|| format!("no result in {printed}"))?.clone())
    }

    /// What it prints as text.
    pub fn prints(&mut self, arguments: &[&str]) -> Result<String> {
        let ran = self.run(arguments)?;
        ran.exits_with(0).with_context(|| format!("{arguments:?}"))?;
        Ok(ran.printed())
    }

    /// Applies a document by the command.
    pub fn applies(&mut self, name: &str, text: &str, how: &[&str]) -> Result<Ran> {
        let path = self.owner.put(name, text)?;
        let path = path.to_str().context("the folder of the tests is no text")?.to_owned();
        let mut arguments = vec!["config", "apply", &path, "--yes"];
        arguments.extend(how);
        self.run(&arguments)
    }

    /// A connection as somebody.
    pub fn wire(&self, identity: Option<&Identity>) -> Result<Wire> {
        Wire::connect(self.port, corten_api::tls::client(identity, &self.owner.check())?)
    }

    /// Waits until the API answers the owner.
    pub fn answers(&mut self) -> Result<()> {
        self.until(PATIENCE, |node| node.ask(&["info"]).map(drop))
    }

    /// One service, as `corten node services` shows it.
    pub fn service(&mut self, name: &str) -> Result<Value> {
        let services = self.ask(&["services"])?;
        find(&services, "name", name).cloned()
    }

    /// Lines of a log, newest last, as text.
    pub fn log(&mut self, source: &str) -> Result<String> {
        self.prints(&["logs", source])
    }

    /// Presses the power button, and no longer listens.
    pub(super) fn switch_off(&mut self) {
        let end = Instant::now() + Duration::from_secs(10);
        while self.control.is_none() && Instant::now() < end && self.take(PAUSE) {}
        if let Some(control) = &self.control {
            control.press_power_button();
        }
    }
}

/// The entry of a list that has this text under a key.
pub fn find<'v>(list: &'v Value, key: &str, text: &str) -> Result<&'v Value> {
    let Some(entries) = list.as_array() else { bail!("no list: {list}") };
    let found = entries.iter().find(|entry| entry[key] == *text);
    found.with_context(|| format!("none with {key} {text:?} in {list}"))
}
