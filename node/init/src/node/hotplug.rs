//! Drivers for devices: those that are there at the start, by one child beside the services, and those that come
//! later, by one child at a time. PID 1 itself never waits for a driver.

use std::collections::BTreeSet;
use std::os::fd::{AsFd as _, BorrowedFd};

use corten_sys::uevent::{Received, Uevents};

use super::programs::{Programs, Role};
use crate::devices;
use crate::log::{Level, Log};
use crate::role::PROGRAM;
use crate::uevent::Uevent;

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
    /// Whether the devices that were there at the start were looked at, or are being.
    cold: Seen,
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
        Self { uevents, pending: BTreeSet::new(), cold: Seen::No, child: Child::None }
    }

    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.uevents.as_ref().map(Uevents::as_fd)
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

    /// Starts a child once no other one runs: at first for all devices, then for those that were announced. What can't
    /// be started now is tried again with the next event.
    pub(super) fn load(&mut self, programs: &mut Programs<'_>, log: &Log) {
        if self.child != Child::None {
            return;
        }
        if self.cold == Seen::No {
            match programs.own(Role::Coldplug, "coldplug", &[PROGRAM.into(), "coldplug".into()]) {
                Ok(()) => (self.child, self.cold) = (Child::Coldplug, Seen::Yes),
                Err(error) => log.write(Level::Error, format_args!("coldplug: {error}")),
            }
            return;
        }
        let aliases: Vec<String> = self.pending.iter().take(BATCH).cloned().collect();
        if aliases.is_empty() {
            return;
        }
        let words = [MODPROBE, "-q", "-a", "--"].into_iter().chain(aliases.iter().map(String::as_str));
        match programs.own(Role::Drivers, "drivers", &words.map(String::from).collect::<Vec<_>>()) {
            Ok(()) => {
                self.child = Child::Drivers;
                self.pending.retain(|alias| !aliases.contains(alias));
            }
            Err(error) => log.write(Level::Error, format_args!("drivers: {error}")),
        }
    }
}
