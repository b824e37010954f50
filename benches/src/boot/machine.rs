//! One boot of one system: the machine of `corten run`, whatever the system.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};
use corten_archive::store::place::default_store;
use corten_archive::tools::{of_user, sets};
use corten_report::Event;
use corten_vm::{
    Accelerator, Choice, Control, Disk, DiskFormat, Emulator, End, Limits, Machine, Outcome, ROOM, RunEvent,
    Settings, Until, Variables, Watchdog, Writes, choose, keep_disk, run,
};

/// From power-on to containerd serving; software emulation on a busy host may take minutes.
const READY: Duration = Duration::from_mins(10);
/// From the power button to off.
pub const STOP: Duration = Duration::from_mins(3);

/// What is booted.
pub struct System {
    /// Its name in the table.
    pub name: String,
    image: PathBuf,
    /// How often it reports: a peer also when it has been idle for a while.
    reports: usize,
}

impl System {
    /// An image of Corten.
    pub fn corten(name: &str, image: &Path) -> Self {
        Self { name: name.into(), image: image.into(), reports: 1 }
    }

    /// The disk of a peer with the probe in it.
    pub fn peer(name: &str, image: &Path) -> Self {
        Self { name: name.into(), image: image.into(), reports: 2 }
    }
}

/// What one boot measured.
pub struct Measured {
    /// Seconds from kernel start to containerd serving, by the guest's clock.
    pub kernel: f64,
    /// Seconds from power-on to containerd serving, by the host's clock.
    pub total: f64,
    /// Bytes in use when containerd served, page cache aside.
    pub memory: f64,
    /// The same when the peer had been idle for a while.
    pub idle: Option<f64>,
    /// User-space processes, at the last report.
    pub processes: f64,
    /// Seconds of each part of the boot that the system tells of.
    pub parts: Vec<(String, f64)>,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, total, memory, processes, .. } = self;
        write!(f, "{kernel:.2} s from kernel start, {total:.2} s from power-on, ")?;
        write!(f, "{:.1} MB, {processes} processes", memory / 1e6)?;
        self.parts.iter().try_for_each(|(name, seconds)| write!(f, ", {name} {seconds:.2}"))
    }
}

/// Where machines are run.
pub struct Bed {
    folder: PathBuf,
    emulator: Emulator,
    accelerator: Accelerator,
    memory_mib: u32,
}

impl Bed {
    /// QEMU from the store, and a folder for the disks.
    pub fn open(folder: &Path, memory_mib: u32) -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok();
        let tools = of_user(&sets::QEMU, &variable, jiff::Timestamp::now())?;
        let emulator = Emulator::from_tools(&tools)?;
        let (accelerator, _) = choose(&emulator, &Choice::Probe { cache: default_store(&variable)? })?;
        std::fs::create_dir_all(folder)?;
        Ok(Self { folder: folder.into(), emulator, accelerator, memory_mib })
    }

    /// The machine in a few words.
    pub fn describe(&self) -> String {
        format!("{}, 2 processors, {} MiB, UEFI", self.accelerator.name(), self.memory_mib)
    }

    /// Forgets the disk that a system has written to.
    pub fn renew(&self, system: &System) -> Result<()> {
        let folder = self.folder.join(&system.name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        keep_disk(&system.image, &folder, ROOM)?;
        Ok(())
    }

    /// The machine of a system, with the disk that it has written to.
    pub fn machine(&self, system: &System) -> Result<Machine> {
        let folder = self.folder.join(&system.name);
        let path = keep_disk(&system.image, &folder, ROOM)?;
        Ok(Machine {
            memory_mib: self.memory_mib,
            disks: vec![Disk { path, format: DiskFormat::Raw, writes: Writes::Kept }],
            watchdog: Watchdog::I6300esb,
            ..Machine::new(corten_vm::Boot::Uefi { variables: Variables::Kept(folder.join("variables.fd")) })
        })
    }

    /// Runs the machine of a system until it is off.
    pub fn run(
        &self,
        (system, machine): (&System, &Machine),
        limits: Limits,
        control: &Control,
        hear: &mut dyn FnMut(RunEvent),
    ) -> Result<Outcome> {
        let settings = Settings {
            accelerator: Choice::Fixed(self.accelerator),
            until: Until::Off,
            limits,
            console_log: self.folder.join(&system.name).join("console.log"),
        };
        Ok(run(&self.emulator, machine, &settings, control, hear)?)
    }

    /// Boots a system on its disk until it has reported, and presses the power button.
    pub fn boot(&self, system: &System) -> Result<Measured> {
        let machine = self.machine(system)?;
        let limits = Limits { ready: Some(READY), total: None, stop: STOP };
        let control = Control::new();
        let mut reports = Vec::new();
        let outcome = self.run((system, &machine), limits, &control, &mut |event| {
            if let RunEvent::Report(at, Event::Ready(ready)) = event {
                reports.push((at, ready));
                if reports.len() == system.reports {
                    control.press_power_button();
                }
            }
        })?;
        let (Some((at, serving)), Some((_, last))) = (reports.first(), reports.last()) else {
            bail!("{}: {}", outcome.end, outcome.console_tail.join("\n"));
        };
        if outcome.end != End::PoweredOff || reports.len() != system.reports {
            bail!("{}: {}", outcome.end, outcome.console_tail.join("\n"));
        }
        Ok(Measured {
            kernel: serving.kernel_to_ready_ms as f64 / 1000.0,
            total: at.as_secs_f64(),
            memory: serving.memory_used_bytes as f64,
            idle: (reports.len() > 1).then_some(last.memory_used_bytes as f64),
            processes: last.processes.into(),
            parts: outcome
                .timeline
                .seconds()
                .into_iter()
                .filter(|(name, _)| name != "total" && name != "kernel_to_ready")
                .collect(),
        })
    }
}
