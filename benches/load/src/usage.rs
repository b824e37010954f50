//! What a process uses, as the kernel says: proc_pid_status(5), proc_pid_stat(5).

use std::fs;
use std::io;

/// Milliseconds of a clock tick: USER_HZ is 100 on all architectures that Corten runs on.
const TICK_MS: u64 = 10;

/// What a process uses at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes in memory.
    pub resident: u64,
    /// Bytes of these that are its own, and no file's.
    pub anonymous: u64,
    /// Threads.
    pub threads: u64,
    /// Processor time so far, milliseconds.
    pub processor_ms: u64,
}

impl Usage {
    /// Of a process.
    pub fn of(pid: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Self::parse(&status, &stat).ok_or_else(|| io::Error::other("not what the kernel writes of a process"))
    }

    fn parse(status: &str, stat: &str) -> Option<Self> {
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
            line.split_ascii_whitespace().next()?.parse::<u64>().ok()
        };
        // The name, in brackets, may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut ticks = fields.split_ascii_whitespace().skip(11).map(str::parse::<u64>);
        let processor_ms = (ticks.next()?.ok()? + ticks.next()?.ok()?) * TICK_MS;
        Some(Self {
            resident: number("VmRSS")? << 10,
            anonymous: number("RssAnon")? << 10,
            threads: number("Threads")?,
            processor_ms,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_read() {
        let status = "Name:\tx\nVmRSS:\t    8 kB\nRssAnon:\t    4 kB\nThreads:\t3\n";
        let stat = "1 (a) b) S 0 1 1 0 -1 4194560 5 0 0 0 7 8 0 0 20 0 3 0 99";
        let expected = Usage { resident: 8192, anonymous: 4096, threads: 3, processor_ms: 150 };
        assert_eq!(Usage::parse(status, stat), Some(expected));
        let own = Usage::of(std::process::id()).expect("this process is there");
        assert!(own.resident > 0 && own.threads > 0, "{own:?}");
    }
}
