//! What containers use, by the files of their control groups.

use std::fs;
use std::path::{Path, PathBuf};

use crate::fleet::Id;

/// Where control groups are.
const GROUPS: &str = "/sys/fs/cgroup";
/// The group of all workloads, below that.
const WORKLOADS: &str = "/workloads";

/// The control group of a container, below the root of all groups.
pub(crate) fn group(id: &Id) -> String {
    format!("{WORKLOADS}/{}/{}", id.workload, id.container)
}

/// The folder that has one of each workload.
pub(super) fn workloads() -> PathBuf {
    PathBuf::from(format!("{GROUPS}{WORKLOADS}"))
}

fn folder(id: &Id) -> PathBuf {
    PathBuf::from(format!("{GROUPS}{}", group(id)))
}

/// What a container uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) memory_bytes: u64,
    /// 0 for no limit.
    pub(crate) memory_max_bytes: u64,
    pub(crate) cpu_us: u64,
    pub(crate) processes: u32,
    pub(crate) read_bytes: u64,
    pub(crate) written_bytes: u64,
}

fn number(path: &Path) -> u64 {
    fs::read_to_string(path).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

/// The value behind a word in a file of `WORD VALUE` lines.
fn value(text: &str, word: &str) -> u64 {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(name, _)| *name == word).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// The sum of `NAME=value` over all disks of io.stat.
fn sum(text: &str, name: &str) -> u64 {
    let fields = text.lines().flat_map(str::split_whitespace).filter_map(|field| field.split_once('='));
    fields.filter(|(field, _)| *field == name).filter_map(|(_, value)| value.parse::<u64>().ok()).sum()
}

/// What a container uses now; nothing where it does not run.
pub(crate) fn of(id: &Id) -> Usage {
    let folder = folder(id);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let io = read("io.stat");
    Usage {
        memory_bytes: number(&folder.join("memory.current")),
        memory_max_bytes: number(&folder.join("memory.max")),
        cpu_us: value(&read("cpu.stat"), "usage_usec"),
        processes: number(&folder.join("pids.current")) as u32,
        read_bytes: sum(&io, "rbytes"),
        written_bytes: sum(&io, "wbytes"),
    }
}

/// Whether the kernel ended something in a container for want of memory.
pub(super) fn ran_out_of_memory(id: &Id) -> bool {
    let events = fs::read_to_string(folder(id).join("memory.events")).unwrap_or_default();
    value(&events, "oom_kill") > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_control_groups_are_read() {
        assert_eq!(value("usage_usec 12\nuser_usec 3\n", "usage_usec"), 12);
        assert_eq!(value("low 0\noom 1\noom_kill 2\n", "oom_kill"), 2);
        assert_eq!(value("", "oom_kill"), 0);
        let io = "254:0 rbytes=10 wbytes=2 rios=1\n254:16 rbytes=5 wbytes=0\n";
        assert_eq!((sum(io, "rbytes"), sum(io, "wbytes")), (15, 2));
    }
}
