//! What a node is.

use std::collections::BTreeMap;
use std::time::Duration;

use corten_api::v1;
use serde::Serialize;

use super::facts::{facts, some};
use super::output::View;
use super::table::{Cell, Table, Tone, Width, number, printable, text};
use super::units::{duration, percent, second, share, size, time};

/// How a node is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It has a configuration.
    Configured,
    /// It has none, or no state, and waits for a person.
    Maintenance,
    /// It says something that this version does not know.
    Unknown,
}

impl Mode {
    fn of(mode: v1::Mode) -> Self {
        match mode {
            v1::Mode::Configured => Self::Configured,
            v1::Mode::Maintenance => Self::Maintenance,
            v1::Mode::Unspecified => Self::Unknown,
        }
    }

    /// The word for it, in its tone.
    pub fn cell(self) -> Cell {
        match self {
            Self::Configured => Cell::of("configured", Tone::Good),
            Self::Maintenance => Cell::of("maintenance", Tone::Waiting),
            Self::Unknown => Cell::of("unknown", Tone::Bad),
        }
    }
}

/// What a node says of itself. Fields are those of `corten.v1.InfoResponse`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Info {
    pub(crate) hostname: String,
    pub(crate) mode: Mode,
    pub(crate) reason: Option<String>,
    pub(crate) os: String,
    pub(crate) version: String,
    pub(crate) root_hash: String,
    pub(crate) kernel: String,
    pub(crate) architecture: String,
    pub(crate) secure_boot: bool,
    pub(crate) agent: String,
    pub(crate) machine_id: String,
    pub(crate) fingerprint: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) booted_at: String,
    pub(crate) uptime_seconds: u64,
    pub(crate) now: String,
    pub(crate) processors: u32,
    pub(crate) memory_bytes: u64,
    pub(crate) memory_used_bytes: u64,
    pub(crate) load: [f64; 3],
    pub(crate) processes: u32,
}

impl From<v1::InfoResponse> for Info {
    fn from(response: v1::InfoResponse) -> Self {
        let mode = Mode::of(response.mode());
        // Numbers that are none have no form in JSON.
        let load = [response.load_1, response.load_5, response.load_15];
        Self {
            hostname: response.hostname,
            mode,
            reason: some(response.reason),
            os: response.os,
            version: response.version,
            root_hash: response.root_hash,
            kernel: response.kernel,
            architecture: response.architecture,
            secure_boot: response.secure_boot,
            agent: response.agent,
            machine_id: response.machine_id,
            fingerprint: response.fingerprint,
            labels: response.labels.into_iter().collect(),
            booted_at: second(response.booted_at),
            uptime_seconds: response.uptime_seconds,
            now: time(response.now_ns),
            processors: response.processors,
            memory_bytes: response.memory_bytes,
            memory_used_bytes: response.memory_used_bytes,
            load: load.map(|load| if load.is_finite() { load } else { 0.0 }),
            processes: response.processes,
        }
    }
}

impl Info {
    /// What it calls itself.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }

    /// The version of the image that it runs.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// How it is run.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// How long it has been up.
    pub fn uptime(&self) -> Duration {
        Duration::from_secs(self.uptime_seconds)
    }

    /// Why it is in maintenance, or does not run the newest configuration.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// SHA-256 of its certificate, hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Name and version of its image.
    pub(crate) fn system(&self) -> String {
        format!("{} {}", self.os, self.version)
    }

    /// The load of one minute in percent of what all processors can do.
    pub(crate) fn load_percent(&self) -> u64 {
        (self.load[0].max(0.0) * 100.0 / f64::from(self.processors.max(1))) as u64
    }

    /// Memory in use in percent.
    pub(crate) fn memory_percent(&self) -> u64 {
        share(self.memory_used_bytes, self.memory_bytes).unwrap_or_default()
    }

    pub(crate) fn load_words(&self) -> String {
        format!("{:.2} of {}", self.load[0], self.processors)
    }

    pub(crate) fn memory_words(&self) -> String {
        format!("{} of {}", size(self.memory_used_bytes), size(self.memory_bytes))
    }
}

impl View for Info {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("HOSTNAME"),
            text("MODE"),
            text("VERSION"),
            text("KERNEL").spare(),
            number("UP"),
            number("CPUS").spare(),
            number("MEMORY"),
            number("USED"),
            number("LOAD"),
        ]);
        table.row([
            printable(&self.hostname).into(),
            self.mode.cell(),
            printable(&self.version).into(),
            printable(&self.kernel).into(),
            duration(self.uptime()).into(),
            self.processors.to_string().into(),
            size(self.memory_bytes).into(),
            percent(self.memory_used_bytes, self.memory_bytes).into(),
            format!("{:.2}", self.load[0]).into(),
        ]);
        table
    }

    /// One line a fact: they are too many for one row.
    fn alone(&self, _width: Width) -> String {
        let mode = self.mode.cell();
        let mode = match &self.reason {
            // A node that is configured and gives a reason does not run what it should.
            Some(reason) => Tone::Waiting.paint(&format!("{}: {}", mode.text, printable(reason))),
            None => mode.tone.paint(&mode.text),
        };
        let labels = self.labels.iter().map(|(key, value)| printable(&format!("{key}={value}")));
        let [one, five, fifteen] = self.load;
        facts([
            ("hostname", printable(&self.hostname)),
            ("mode", mode),
            ("system", printable(self.system().trim())),
            ("root hash", printable(&self.root_hash)),
            ("kernel", printable(&format!("{} {}", self.kernel, self.architecture))),
            ("secure boot", if self.secure_boot { "on" } else { "off" }.to_owned()),
            ("agent", printable(&self.agent)),
            ("machine id", printable(&self.machine_id)),
            ("fingerprint", printable(&self.fingerprint)),
            ("labels", labels.collect::<Vec<_>>().join(", ")),
            ("booted", self.booted_at.clone()),
            ("up", duration(self.uptime())),
            ("clock", self.now.clone()),
            ("processors", self.processors.to_string()),
            (
                "memory",
                format!(
                    "{} used ({})",
                    self.memory_words(),
                    percent(self.memory_used_bytes, self.memory_bytes)
                ),
            ),
            ("load", format!("{one:.2} {five:.2} {fifteen:.2}")),
            ("processes", self.processes.to_string()),
        ])
    }
}
