//! The watchdog: what restarts a machine whose init hangs.
//!
//! Stage 1 arms it before anything else, stage 2 finds the open device and goes on. It is fed by the event loop, and
//! by what waits outside of it for something that may take long (a check of the file system, the last writes); never
//! by a thread or a process of its own, which would go on feeding while the loop hangs. It stays armed to the end.

use std::fs;

use corten_sys::clock::monotonic_ms;
use corten_sys::watchdog::Watchdog as Device;

use crate::devices;
use crate::log::{Level, Log};
use crate::modules::Modules;

/// Seconds without food after which the machine restarts. Longer than anything that init waits for without
/// feeding, and short enough that nobody has to come.
const TIMEOUT_S: i32 = 60;
/// Food comes this many times in the time that is left.
const MEALS: u64 = 4;
/// Modules in this folder drive watchdogs.
const DRIVERS: &str = "/drivers/watchdog/";
/// These make the device that `iTCO_wdt` drives, on chipsets of Intel.
const PARENTS: [&str; 2] = ["lpc_ich", "i2c_i801"];
/// A timer of the kernel, for machines without one of their own: it does not notice when the kernel itself hangs.
const SOFTWARE: &str = "softdog";

/// The watchdog of this machine, if it has one.
#[derive(Debug, Default)]
pub struct Watchdog {
    device: Option<Device>,
    interval_ms: Option<u64>,
}

impl Watchdog {
    /// Loads the driver for what the machine has, or the one that needs no hardware, and arms it.
    pub fn arm(modules: &Modules, log: &Log) -> Self {
        load_drivers(modules, log);
        let device = open(log).or_else(|| {
            if let Err(error) = modules.load(SOFTWARE, log) {
                log.write(Level::Warning, error);
            }
            open(log)
        });
        let Some(device) = device else {
            log.write(Level::Warning, "no watchdog: a hang will not end by itself");
            return Self::default();
        };
        // A driver that can't do this keeps its own time, which is asked for below.
        if let Err(error) = device.set_timeout(TIMEOUT_S) {
            log.write(Level::Warning, error);
        }
        let armed = Self::of(device, log);
        armed.feed(log);
        armed
    }

    /// The watchdog that stage 1 armed. Where the initrd had no driver that fits, the root may have one.
    pub fn inherit(log: &Log) -> Self {
        match (Device::inherited(), Modules::open()) {
            (Some(device), _) => Self::of(device, log),
            (None, Ok(modules)) => Self::arm(&modules, log),
            (None, Err(error)) => {
                log.write(Level::Warning, error);
                Self::default()
            }
        }
    }

    fn of(device: Device, log: &Log) -> Self {
        let timeout = device.timeout().unwrap_or(TIMEOUT_S);
        let name = device.identity().unwrap_or_default();
        log.write(Level::Info, format_args!("watchdog {name}, {timeout} s"));
        let timeout_ms = u64::try_from(timeout).unwrap_or(1).max(1) * 1000;
        Self { device: Some(device), interval_ms: Some(timeout_ms / MEALS) }
    }

    /// Milliseconds after which it is to be fed again.
    pub fn interval_ms(&self) -> Option<u64> {
        self.interval_ms
    }

    /// Starts its time anew.
    pub fn feed(&self, log: &Log) {
        if let Some(Err(error)) = self.device.as_ref().map(Device::feed) {
            log.write(Level::Warning, error);
        }
    }

    /// What feeds it while something may take long, for that many milliseconds at most: what takes longer is a hang.
    pub fn feeder<'a>(&'a self, log: &'a Log, limit_ms: u64) -> impl FnMut() + 'a {
        let end = monotonic_ms().saturating_add(limit_ms);
        move || {
            if monotonic_ms() < end {
                self.feed(log);
            }
        }
    }

    /// Leaves it open for stage 2.
    pub fn keep_over_exec(&self, log: &Log) {
        if let Some(Err(error)) = self.device.as_ref().map(Device::keep_over_exec) {
            log.write(Level::Warning, error);
        }
    }
}

/// Drivers of watchdogs are found by the aliases of the devices, like all others; the rest of the devices has time.
/// The ACPI table WDAT appears as the device `platform:wdat_wdt`.
fn load_drivers(modules: &Modules, log: &Log) {
    let load = |names: Vec<&str>| {
        for name in &names {
            if let Err(error) = modules.load(name, log) {
                log.write(Level::Warning, error);
            }
        }
        !names.is_empty()
    };
    let buses = ["pci", "platform"];
    let aliases = devices::aliases_on(&buses);
    load(modules.serving(&aliases, |_, path| path.contains(DRIVERS)));
    if devices_of_class().is_empty() && load(modules.serving(&aliases, |name, _| PARENTS.contains(&name))) {
        load(modules.serving(&devices::aliases_on(&buses), |_, path| path.contains(DRIVERS)));
    }
}

/// Names of all watchdogs, the first one first.
fn devices_of_class() -> Vec<String> {
    let entries = fs::read_dir("/sys/class/watchdog").into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn open(log: &Log) -> Option<Device> {
    devices_of_class().into_iter().find_map(|name| {
        Device::open(&format!("/dev/{name}")).map_err(|error| log.write(Level::Warning, error)).ok()
    })
}
