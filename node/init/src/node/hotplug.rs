//! Drivers for devices: those that are there at the start, by one child beside the services, and those that come
//! later, by one child at a time. PID 1 itself never waits for a driver.

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, BorrowedFd};

use corten_sys::uevent::{Received, Uevents};

use super::programs::{Programs, Role};
use crate::devices;
use crate::log::{Level, Log};
use crate::uevent::Uevent;

const SELF: &str = "/usr/lib/corten/init";
const MODPROBE: &str = "/sbin/modprobe";
/// Aliases that one child is started with; the kernel limits the length of arguments.
const BATCH: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Child {
    None,
    Coldplug,
    Drivers,
}

/// Announcements, and the child that loads drivers.
#[derive(Debug)]
pub(super) struct Hotplug {
    uevents: Option<Uevents>,
    pending: BTreeSet<String>,
    child: Child,
}

/// Whether something of a kind was announced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Seen {
    #[default]
    No,
    Yes,
}

/// What was announced since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Announced {
    pub(super) input_devices: Seen,
    /// Modules and network interfaces, which both bring kernel settings.
    pub(super) modules_or_links: Seen,
}

const ALL: Announced = Announced { input_devices: Seen::Yes, modules_or_links: Seen::Yes };

impl Hotplug {
    pub(super) fn listen(log: &Log) -> Self {
        let uevents = Uevents::new().map_err(|error| log.write(Level::Warning, error)).ok();
        Self { uevents, pending: BTreeSet::new(), child: Child::None }
    }

    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.uevents.as_ref().map(Uevents::as_fd)
    }

    /// Starts the child that looks at all devices.
    pub(super) fn start_coldplug(&mut self, programs: &mut Programs<'_>, log: &Log) {
        match programs.own(Role::Coldplug, "coldplug", &[SELF.into(), "coldplug".into()]) {
            Ok(()) => self.child = Child::Coldplug,
            Err(error) => log.write(Level::Error, format_args!("coldplug: {error}")),
        }
    }

    pub(super) fn coldplug_ended(&mut self) {
        self.child = Child::None;
    }

    pub(super) fn drivers_ended(&mut self) {
        self.child = Child::None;
    }

    /// Reads what the kernel announced.
    pub(super) fn take_in(&mut self, log: &Log) -> Announced {
        let mut announced = Announced::default();
        let Some(uevents) = self.uevents.as_ref() else { return announced };
        loop {
            match uevents.next() {
                Ok(Received::Message(message)) => {
                    let Some(event) = Uevent::parse(&message) else { continue };
                    match event.subsystem.as_str() {
                        "input" => announced.input_devices = Seen::Yes,
                        "module" | "net" => announced.modules_or_links = Seen::Yes,
                        _ => {}
                    }
                    if event.action == "add" {
                        self.pending.extend(event.modalias);
                    }
                }
                Ok(Received::Lost) => {
                    announced = ALL;
                    self.pending.extend(devices::aliases());
                }
                Ok(Received::Nothing) => return announced,
                Err(error) => {
                    log.write(Level::Warning, error);
                    return announced;
                }
            }
        }
    }

    /// Starts a child for devices that were announced, once no other one runs.
    pub(super) fn load_pending(&mut self, programs: &mut Programs<'_>, log: &Log) {
        if self.child != Child::None || self.pending.is_empty() {
            return;
        }
        let mut arguments: Vec<String> = [MODPROBE, "-q", "-a", "--"].map(String::from).to_vec();
        while let Some(alias) = self.pending.pop_first() {
            arguments.push(alias);
            if arguments.len() >= BATCH {
                break;
            }
        }
        match programs.own(Role::Drivers, "drivers", &arguments) {
            Ok(()) => self.child = Child::Drivers,
            Err(error) => log.write(Level::Error, format_args!("drivers: {error}")),
        }
    }
}
