//! Limits of a container as files of cgroup v2, which crun writes as they are.

use std::collections::BTreeMap;

use corten_config::settings::ContainerResources;

/// Microseconds in which a container may use its share of the processors: the kernel's own period.
const PERIOD_US: u64 = 100_000;

/// A disk, as the kernel names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Major number.
    pub major: u32,
    /// Minor number, of the whole disk and not of a partition: limits count there.
    pub minor: u32,
}

/// The files and what is in them.
pub fn unified(resources: &ContainerResources, disk: Option<&Disk>) -> BTreeMap<String, String> {
    let quota = |millis: u32| format!("{} {PERIOD_US}", u64::from(millis) * PERIOD_US / 1000);
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    let rates = [("rbps", resources.io_read_bytes), ("wbps", resources.io_write_bytes)];
    let rates: Vec<String> =
        rates.into_iter().filter_map(|(name, rate)| Some(format!("{name}={}", rate?))).collect();
    let io = disk
        .filter(|_| !rates.is_empty())
        .map(|disk| format!("{}:{} {}", disk.major, disk.minor, rates.join(" ")));
    let files = [
        ("cpu.max", resources.cpu_millis.map(quota)),
        ("cpu.weight", number(resources.cpu_weight.map(u64::from))),
        ("memory.max", number(resources.memory_max)),
        ("memory.high", number(resources.memory_high)),
        // Nothing is swapped: a limit is one of memory. And when a container runs out of it, all of it goes: half of a
        // service is none.
        ("memory.swap.max", resources.memory_max.map(|_| "0".to_owned())),
        ("memory.oom.group", Some("1".to_owned())),
        ("pids.max", number(resources.pids_max.map(u64::from))),
        ("io.weight", resources.io_weight.map(|weight| format!("default {weight}"))),
        ("io.max", io),
    ];
    files.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
