//! What a ready node says of itself: memory in use, processes, version.

use std::fs;

/// PF_KTHREAD of linux/sched.h: the process is a thread of the kernel.
const KERNEL_THREAD: u64 = 0x0020_0000;
/// Bytes of a page on the architectures that Corten runs on.
const PAGE: u64 = 4096;

/// Memory in use, page cache aside, in bytes.
pub fn memory_used() -> u64 {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    used(&read("/proc/meminfo")).saturating_sub(listed(&read("/proc/zoneinfo")))
}

/// Numbers of the processes of user space, PID 1 included.
pub fn processes() -> Vec<u32> {
    let numbers = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .filter(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| is_user_space(&stat)))
        .collect()
}

/// VERSION_ID of the running image.
pub fn version() -> String {
    version_id(&fs::read_to_string("/usr/lib/os-release").unwrap_or_default())
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

/// Bytes of free pages that each processor keeps at hand, in lists of its own, and that MemFree leaves out: some MB
/// after a start, and never the same. proc_zoneinfo(5) counts them in pages.
fn listed(zoneinfo: &str) -> u64 {
    let counts = zoneinfo.lines().filter_map(|line| line.trim_start().strip_prefix("count:"));
    counts.filter_map(|count| count.trim().parse::<u64>().ok()).sum::<u64>().saturating_mul(PAGE)
}

/// proc_pid_stat(5): the name stands in parentheses and may hold anything; state is the first field behind it and
/// flags the seventh. A zombie is no process any more.
fn is_user_space(stat: &str) -> bool {
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let mut fields = fields.split(' ');
    let state = fields.next();
    let flags = fields.nth(5).and_then(|flags| flags.parse::<u64>().ok());
    state != Some("Z") && flags.is_some_and(|flags| flags & KERNEL_THREAD == 0)
}

fn version_id(os_release: &str) -> String {
    let value = os_release.lines().find_map(|line| line.strip_prefix("VERSION_ID="));
    value.unwrap_or_default().trim_matches(['"', '\'']).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_counts_tmpfs_and_not_the_page_cache() {
        let meminfo = "MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 1 kB\nBuffers: 10 kB\nCached: 200 kB\n\
                       SwapCached: 7 kB\nShmem: 50 kB\nSReclaimable: 40 kB\n";
        assert_eq!(used(meminfo), 400 * 1024);
        assert_eq!(used(""), 0);
    }

    #[test]
    fn free_pages_at_hand_are_those_of_all_processors_and_zones() {
        let zoneinfo = "Node 0, zone DMA32\n  pages free 2000\n      nr_free_pages 2000\n  pagesets\n    cpu: 0\n              \
                        count:    2280\n              high:     6992\n    cpu: 1\n              count:    637\n\
                        Node 0, zone Normal\n    cpu: 0\n              count: 3\n";
        assert_eq!(listed(zoneinfo), (2280 + 637 + 3) * 4096);
        assert_eq!(listed(""), 0);
    }

    #[test]
    fn kernel_threads_and_zombies_are_no_processes() {
        assert!(is_user_space("12 (a) b) S 1 12 12 0 -1 4194560 5 5"));
        assert!(!is_user_space("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0"));
        assert!(!is_user_space("12 (a) Z 1 12 12 0 -1 4194560 5 5"));
        assert!(!is_user_space(""));
    }

    #[test]
    fn the_version_may_stand_in_quotes() {
        assert_eq!(version_id("NAME=Corten\nVERSION_ID=\"1.2.3\"\n"), "1.2.3");
        assert_eq!(version_id("NAME=Corten\n"), "");
    }
}
