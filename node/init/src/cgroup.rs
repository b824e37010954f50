//! cgroup v2: one group a service, below `/sys/fs/cgroup/corten`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use corten_services::Resources;

const ROOT: &str = "/sys/fs/cgroup";
const OWN: &str = "/sys/fs/cgroup/corten";
/// Controllers that services and containers are limited with.
const CONTROLLERS: [&str; 5] = ["cpu", "cpuset", "io", "memory", "pids"];
/// Groups that are nested deeper are not those of a service.
const MAX_DEPTH: usize = 8;

/// Makes the group of all services and hands the controllers down to it.
pub fn prepare() -> io::Result<()> {
    enable(Path::new(ROOT))?;
    fs::create_dir_all(OWN)?;
    enable(Path::new(OWN))
}

fn enable(group: &Path) -> io::Result<()> {
    let there = fs::read_to_string(group.join("cgroup.controllers"))?;
    let wanted = there.split_whitespace().filter(|name| CONTROLLERS.contains(name));
    let enable: Vec<String> = wanted.map(|name| format!("+{name}")).collect();
    fs::write(group.join("cgroup.subtree_control"), enable.join(" "))
}

/// Makes the group of a service, before the node is ready or after. The second value names limits that the kernel did
/// not take.
pub fn create(service: &str, resources: &Resources, starts: bool) -> io::Result<(PathBuf, Vec<String>)> {
    let path = of(service);
    fs::create_dir_all(&path)?;
    let refused = set(&path, resources.files(starts));
    Ok((path, refused))
}

/// Gives the group of a service, if there is one, what it has once the node is ready.
pub fn ready(service: &str, resources: &Resources) -> Vec<String> {
    let path = of(service);
    if !path.is_dir() {
        return Vec::new();
    }
    set(&path, resources.files_when_ready())
}

fn set(group: &Path, files: impl Iterator<Item = (&'static str, u64)>) -> Vec<String> {
    let set = |(file, value): (&str, u64)| {
        fs::write(group.join(file), value.to_string()).err().map(|error| format!("{file} = {value}: {error}"))
    };
    files.filter_map(set).collect()
}

/// The group of a service.
pub fn of(service: &str) -> PathBuf {
    Path::new(OWN).join(service)
}

/// Ends every process in the group of a service.
pub fn kill(service: &str) -> io::Result<()> {
    fs::write(of(service).join("cgroup.kill"), "1")
}

/// The processes in the group of a service and below.
pub fn processes(service: &str) -> Vec<u32> {
    let mut found = Vec::new();
    collect(&of(service), MAX_DEPTH, &mut found);
    found
}

fn collect(group: &Path, depth: usize, found: &mut Vec<u32>) {
    let procs = fs::read_to_string(group.join("cgroup.procs")).unwrap_or_default();
    found.extend(procs.lines().filter_map(|line| line.parse::<u32>().ok()));
    let Some(below) = depth.checked_sub(1) else { return };
    for entry in fs::read_dir(group).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), below, found);
        }
    }
}
