//! What a service may use: limits of its processes, and of its control group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a limit of a process is about: the names of limits.conf(5), which are those of setrlimit(2) without prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitName {
    /// Size of a core dump, bytes.
    Core,
    /// Size of a file, bytes.
    Fsize,
    /// Memory that is locked, bytes.
    Memlock,
    /// Open files.
    Nofile,
    /// Processes of the user.
    Nproc,
    /// Size of the stack, bytes.
    Stack,
}

/// A limit of a process. `None` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// What holds at the start.
    pub soft: Option<u64>,
    /// How far the service may raise it.
    pub hard: Option<u64>,
}

/// Limits of a process by name.
pub type Limits = BTreeMap<LimitName, Limit>;

/// Limits of a control group: the files of cgroup v2 with the same names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Resources {
    /// Bytes of memory above which the kernel ends processes of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_max: Option<u64>,
    /// Bytes of memory above which the service is slowed down and its memory taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_high: Option<u64>,
    /// Processes and threads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids_max: Option<u64>,
    /// Share of the processor, 1 to 10000; others have 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_weight: Option<u64>,
    /// Share of the disks, 1 to 10000; others have 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_weight: Option<u64>,
}

impl Resources {
    /// Name of the file in the control group, and value, of each that is set.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = [
            ("memory.max", self.memory_max),
            ("memory.high", self.memory_high),
            ("pids.max", self.pids_max),
            ("cpu.weight", self.cpu_weight),
            ("io.weight", self.io_weight),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}
