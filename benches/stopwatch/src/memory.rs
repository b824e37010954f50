//! Memory in use, counted as a node's report counts it (`memory_used_bytes`): page cache aside, tmpfs included, without
//! the free pages that each processor keeps at hand.

use std::fs;

use crate::fault::Fault;

/// Bytes of a page on the architectures that Corten runs on.
const PAGE: u64 = 4096;
/// Has the kernel let go of what it keeps in case that it is needed again.
const DROP: &str = "/proc/sys/vm/drop_caches";

/// Bytes in use, after what is only kept in case was let go.
pub(crate) fn in_use() -> Result<u64, Fault> {
    fs::write(DROP, "3").map_err(Fault::io(DROP))?;
    let read = |path: &str| fs::read_to_string(path).map_err(Fault::io(path));
    Ok(used(&read("/proc/meminfo")?).saturating_sub(listed(&read("/proc/zoneinfo")?)))
}

/// Cached holds tmpfs files too, which are in use: they are Shmem.
fn used(meminfo: &str) -> u64 {
    let field = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let free: u64 = ["MemFree", "Buffers", "Cached", "SReclaimable"].into_iter().map(field).sum();
    field("MemTotal").saturating_add(field("Shmem")).saturating_sub(free) * 1024
}

/// Bytes of free pages in lists of processors, which MemFree leaves out; proc_zoneinfo(5) counts them in pages.
fn listed(zoneinfo: &str) -> u64 {
    let counts = zoneinfo.lines().filter_map(|line| line.trim_start().strip_prefix("count:"));
    counts.filter_map(|count| count.trim().parse::<u64>().ok()).sum::<u64>().saturating_mul(PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_counts_tmpfs_and_not_the_page_cache() {
        let meminfo = "MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 1 kB\nBuffers: 10 kB\nCached: 200 kB\n\
                       Shmem: 50 kB\nSReclaimable: 40 kB\n";
        assert_eq!(used(meminfo), 400 * 1024);
    }

    #[test]
    fn free_pages_at_hand_are_those_of_all_processors() {
        assert_eq!(listed("  cpu: 0\n    count:  20\n  cpu: 1\n    count: 3\n"), 23 * PAGE);
    }
}
