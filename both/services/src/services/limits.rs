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
    /// Share of the processor until the node is ready, in place of the one above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_cpu_weight: Option<StartupWeight>,
    /// Share of the disks, 1 to 10000; others have 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_weight: Option<u64>,
}

/// A share of the processor while a node starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StartupWeight {
    /// What the others leave.
    Idle,
    /// 1 to 10000; others have 100.
    Weight(u64),
}

/// The share of the processor that the kernel gives a group which nothing is said of.
const CPU_WEIGHT: u64 = 100;

impl Resources {
    /// Name of the file in the control group, and value, of each that is set; before the node is ready or after.
    pub fn files(&self, starts: bool) -> impl Iterator<Item = (&'static str, u64)> {
        let (cpu_weight, cpu_idle) = match self.startup_cpu_weight.filter(|_| starts) {
            // A group has one of the two.
            Some(StartupWeight::Idle) => (None, Some(1)),
            Some(StartupWeight::Weight(weight)) => (Some(weight), None),
            None => (self.cpu_weight, None),
        };
        let all = [
            ("memory.max", self.memory_max),
            ("memory.high", self.memory_high),
            ("pids.max", self.pids_max),
            ("cpu.weight", cpu_weight),
            ("cpu.idle", cpu_idle),
            ("io.weight", self.io_weight),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// The files that change when the node is ready, in the order in which they are written.
    pub fn files_when_ready(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let idle = (self.startup_cpu_weight == Some(StartupWeight::Idle)).then_some(("cpu.idle", 0));
        let weight = self.startup_cpu_weight.map(|_| ("cpu.weight", self.cpu_weight.unwrap_or(CPU_WEIGHT)));
        idle.into_iter().chain(weight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(
        cpu_weight: Option<u64>,
        startup_cpu_weight: Option<StartupWeight>,
    ) -> [Vec<(&'static str, u64)>; 3] {
        let resources = Resources { cpu_weight, startup_cpu_weight, ..Resources::default() };
        [
            resources.files(true).collect(),
            resources.files(false).collect(),
            resources.files_when_ready().collect(),
        ]
    }

    #[test]
    fn a_share_of_the_start_gives_way_to_that_of_the_rest() {
        let weight = |weight| vec![("cpu.weight", weight)];
        let (idle, low) = (Some(StartupWeight::Idle), Some(StartupWeight::Weight(5)));
        assert_eq!(of(None, None), [vec![], vec![], vec![]]);
        assert_eq!(of(Some(50), None), [weight(50), weight(50), vec![]]);
        assert_eq!(
            of(None, idle),
            [vec![("cpu.idle", 1)], vec![], vec![("cpu.idle", 0), ("cpu.weight", 100)]]
        );
        assert_eq!(of(Some(50), low), [weight(5), weight(50), weight(50)]);
    }
}
