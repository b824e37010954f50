//! The control group of a container: who is in it, what it uses, and how everything in it ends.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::api::io::containerd::cgroups::v2::{CpuStat, MemoryEvents, MemoryStat, Metrics, PidsStat};

/// Where the one tree of control groups is.
const TREE: &str = "/sys/fs/cgroup";
/// Levels of groups in a group that are looked into.
const DEPTH: usize = 8;

/// A control group that is a container's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup(PathBuf);

impl Cgroup {
    /// The one of a process. `None` where it is that of the shim: the container has none of its own.
    pub fn of(pid: u32) -> Option<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let path = fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?;
        if path == own {
            return None;
        }
        let path = path.lines().find_map(|line| line.strip_prefix("0::/")).filter(|path| !path.is_empty())?;
        Some(Self(Path::new(TREE).join(path)))
    }

    /// Ends everything in it. That it is not there any more is no failure.
    pub fn kill(&self) {
        let _ = fs::write(self.0.join("cgroup.kill"), "1");
    }

    /// Its processes, and those of groups in it.
    pub fn processes(&self) -> Vec<u32> {
        let mut found = Vec::new();
        processes(&self.0, DEPTH, &mut found);
        found
    }

    /// How often a process of it was ended since memory ran out.
    pub fn out_of_memory(&self) -> u64 {
        self.numbers("memory.events").get("oom_kill").copied().unwrap_or_default()
    }

    /// What it uses.
    pub fn metrics(&self) -> Metrics {
        let (cpu, memory, events) =
            (self.numbers("cpu.stat"), self.numbers("memory.stat"), self.numbers("memory.events"));
        let of = |numbers: &BTreeMap<String, u64>, name: &str| numbers.get(name).copied().unwrap_or_default();
        Metrics {
            pids: Some(PidsStat { current: self.number("pids.current"), limit: self.number("pids.max") }),
            cpu: Some(CpuStat {
                usage_usec: of(&cpu, "usage_usec"),
                user_usec: of(&cpu, "user_usec"),
                system_usec: of(&cpu, "system_usec"),
                nr_periods: of(&cpu, "nr_periods"),
                nr_throttled: of(&cpu, "nr_throttled"),
                throttled_usec: of(&cpu, "throttled_usec"),
                ..CpuStat::default()
            }),
            memory: Some(MemoryStat {
                anon: of(&memory, "anon"),
                file: of(&memory, "file"),
                kernel_stack: of(&memory, "kernel_stack"),
                slab: of(&memory, "slab"),
                sock: of(&memory, "sock"),
                shmem: of(&memory, "shmem"),
                inactive_anon: of(&memory, "inactive_anon"),
                active_anon: of(&memory, "active_anon"),
                inactive_file: of(&memory, "inactive_file"),
                active_file: of(&memory, "active_file"),
                pgfault: of(&memory, "pgfault"),
                pgmajfault: of(&memory, "pgmajfault"),
                usage: self.number("memory.current"),
                usage_limit: self.number("memory.max"),
                swap_usage: self.number("memory.swap.current"),
                swap_limit: self.number("memory.swap.max"),
                ..MemoryStat::default()
            }),
            memory_events: Some(MemoryEvents {
                low: of(&events, "low"),
                high: of(&events, "high"),
                max: of(&events, "max"),
                oom: of(&events, "oom"),
                oom_kill: of(&events, "oom_kill"),
                oom_group_kill: of(&events, "oom_group_kill"),
            }),
            ..Metrics::default()
        }
    }

    /// A file with one number. No limit is the largest, as containerd has it.
    fn number(&self, file: &str) -> u64 {
        let text = fs::read_to_string(self.0.join(file)).unwrap_or_default();
        match text.trim() {
            "max" => u64::MAX,
            number => number.parse().unwrap_or_default(),
        }
    }

    /// A file with a name and a number a line.
    fn numbers(&self, file: &str) -> BTreeMap<String, u64> {
        let text = fs::read_to_string(self.0.join(file)).unwrap_or_default();
        let pair = |line: &str| {
            let (name, number) = line.split_once(' ')?;
            Some((name.to_owned(), number.trim().parse().ok()?))
        };
        text.lines().filter_map(pair).collect()
    }
}

fn processes(folder: &Path, depth: usize, found: &mut Vec<u32>) {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    found.extend(text.lines().filter_map(|line| line.parse::<u32>().ok()));
    if depth == 0 {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            processes(&entry.path(), depth - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_group_uses_stands_in_its_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).expect("writable");
        for (path, text) in [
            ("cgroup.procs", "7\n8\n"),
            ("inner/cgroup.procs", "9\n"),
            ("pids.current", "3\n"),
            ("pids.max", "max\n"),
            ("cpu.stat", "usage_usec 12\nuser_usec 5\n"),
            ("memory.current", "4096\n"),
            ("memory.events", "low 0\noom 2\noom_kill 1\n"),
        ] {
            fs::write(folder.path().join(path), text).expect("writable");
        }
        let group = Cgroup(folder.path().into());
        assert_eq!(group.processes(), [7, 8, 9]);
        assert_eq!(group.out_of_memory(), 1);
        let metrics = group.metrics();
        assert_eq!(metrics.pids, Some(PidsStat { current: 3, limit: u64::MAX }));
        assert_eq!(metrics.cpu.map(|cpu| (cpu.usage_usec, cpu.user_usec)), Some((12, 5)));
        assert_eq!(metrics.memory.map(|memory| memory.usage), Some(4096));
    }

    #[test]
    fn the_group_of_the_shim_is_no_containers() {
        assert_eq!(Cgroup::of(std::process::id()), None);
    }
}
