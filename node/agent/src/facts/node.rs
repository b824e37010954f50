//! The node as a whole: image, kernel, memory, load, processors, time. Formats: os-release(5), proc_meminfo(5),
//! proc_loadavg(5), proc_stat(5), proc_uptime(5).

use super::{FactError, files};
use crate::root::Root;

/// Microseconds of a clock tick: USER_HZ is 100 on all architectures that Corten runs on.
const TICK_US: u64 = 10_000;
/// Variable of the firmware in the namespace of UEFI 2.10, 3.3.
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

/// What the image says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `NAME`
    pub name: String,
    /// `VERSION_ID`
    pub version: String,
}

/// What the kernel says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kernel {
    /// Its release: `6.12.43`.
    pub release: String,
    /// `x86_64`
    pub architecture: String,
    /// The host's name as the kernel has it.
    pub hostname: String,
}

/// Memory, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// All that the kernel has.
    pub total: u64,
    /// In use, page cache aside: MemTotal - MemFree - Buffers - Cached - SReclaimable + Shmem.
    pub used: u64,
    /// What programs could still take.
    pub available: u64,
    /// Page cache and buffers, less what is a tmpfs.
    pub cached: u64,
}

/// Time of all processors together, microseconds since kernel start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Processors {
    /// How many are in use.
    pub count: u32,
    /// Programs, those of low priority and of guests included.
    pub user: u64,
    /// The kernel.
    pub system: u64,
    /// Interrupts.
    pub interrupts: u64,
    /// Waiting for disks.
    pub waiting: u64,
    /// Nothing to do.
    pub idle: u64,
    /// Taken by other guests of the host.
    pub stolen: u64,
    /// When the kernel started, seconds since 1970.
    pub booted_at: i64,
}

/// What the image says of itself.
pub fn os_release(root: &Root) -> OsRelease {
    let text = files::text(root, "/usr/lib/os-release").or_else(|_| files::text(root, "/etc/os-release"));
    parse_os_release(&text.unwrap_or_default())
}

/// What the running kernel says of itself, whatever the root.
pub fn kernel() -> Kernel {
    let name = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    Kernel {
        release: text(name.release()),
        architecture: text(name.machine()),
        hostname: text(name.nodename()),
    }
}

/// Memory.
pub fn memory(root: &Root) -> Result<Memory, FactError> {
    Ok(parse_memory(&files::text(root, "/proc/meminfo")?))
}

/// Load over 1, 5 and 15 minutes.
pub fn load(root: &Root) -> Result<[f64; 3], FactError> {
    let expected = "three numbers";
    parse_load(&files::text(root, "/proc/loadavg")?)
        .ok_or_else(|| FactError::Content { path: root.path("/proc/loadavg"), expected })
}

/// Milliseconds since kernel start.
pub fn uptime_ms(root: &Root) -> Result<u64, FactError> {
    let expected = "seconds since kernel start";
    parse_uptime(&files::text(root, "/proc/uptime")?)
        .ok_or_else(|| FactError::Content { path: root.path("/proc/uptime"), expected })
}

/// Identity of this start of the kernel; empty where it tells none.
pub fn boot_id(root: &Root) -> String {
    files::value(root, "/proc/sys/kernel/random/boot_id")
}

/// Identity of the machine, 32 hexadecimal digits; empty where it has none yet.
pub fn machine_id(root: &Root) -> String {
    files::value(root, "/run/machine-id")
}

/// `corten.root-hash` of the kernel command line; empty where there is none.
pub fn root_hash(root: &Root) -> String {
    let line = files::value(root, "/proc/cmdline");
    line.split_whitespace()
        .find_map(|word| word.strip_prefix("corten.root-hash="))
        .unwrap_or_default()
        .to_string()
}

/// Whether the firmware says that it started signed programs alone. A variable is four bytes of attributes and its
/// value.
pub fn secure_boot(root: &Root) -> bool {
    files::bytes(&root.path(SECURE_BOOT)).is_ok_and(|bytes| bytes.get(4..) == Some(&[1]))
}

/// Processors, their time, and when the kernel started.
pub fn processors(root: &Root) -> Result<Processors, FactError> {
    Ok(parse_processors(&files::text(root, "/proc/stat")?))
}

/// Reads `os-release`. The values that are wanted need no unescaping beyond quotes.
pub fn parse_os_release(text: &str) -> OsRelease {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_default().trim().trim_matches(['"', '\'']).to_string()
    };
    OsRelease { name: value("NAME"), version: value("VERSION_ID") }
}

/// Reads `/proc/meminfo`. Cached holds what lies in tmpfs too, which is in use: Shmem.
pub fn parse_memory(text: &str) -> Memory {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kilobytes = line.and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0).saturating_mul(1024)
    };
    let sum = |names: &[&str]| names.iter().map(|name| field(name)).fold(0, u64::saturating_add);
    let (total, shared) = (field("MemTotal"), field("Shmem"));
    let cache = sum(&["Buffers", "Cached", "SReclaimable"]);
    Memory {
        total,
        used: total.saturating_add(shared).saturating_sub(field("MemFree").saturating_add(cache)),
        available: field("MemAvailable"),
        cached: cache.saturating_sub(shared),
    }
}

/// Reads `/proc/loadavg`.
pub fn parse_load(text: &str) -> Option<[f64; 3]> {
    let mut numbers = text.split_ascii_whitespace().map(|word| word.parse::<f64>().ok());
    let mut next = || numbers.next()?.filter(|number| number.is_finite());
    Some([next()?, next()?, next()?])
}

/// Reads `/proc/uptime`: seconds with two decimals.
pub fn parse_uptime(text: &str) -> Option<u64> {
    let seconds: f64 = text.split_ascii_whitespace().next()?.parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then_some((seconds * 1000.0) as u64)
}

/// Reads `/proc/stat`. Time of guests is part of that of programs already.
pub fn parse_processors(text: &str) -> Processors {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu ")).unwrap_or_default();
    let ticks: Vec<u64> =
        line.split_ascii_whitespace().take(8).map(|word| word.parse().unwrap_or(0)).collect();
    let time = |at: usize| ticks.get(at).copied().unwrap_or(0).saturating_mul(TICK_US);
    let is_one = |line: &&str| {
        line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    let booted_at = text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok());
    Processors {
        count: text.lines().filter(is_one).count() as u32,
        user: time(0).saturating_add(time(1)),
        system: time(2),
        idle: time(3),
        waiting: time(4),
        interrupts: time(5).saturating_add(time(6)),
        stolen: time(7),
        booted_at: booted_at.unwrap_or(0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn memory_in_use_counts_tmpfs_and_not_the_page_cache() {
        let text = "MemTotal: 1000 kB\nMemFree: 400 kB\nMemAvailable: 650 kB\nBuffers: 10 kB\nCached: 200 kB\n\
                    SwapCached: 7 kB\nShmem: 50 kB\nSReclaimable: 40 kB\n";
        let expected = Memory { total: 1000 << 10, used: 400 << 10, available: 650 << 10, cached: 200 << 10 };
        assert_eq!(parse_memory(text), expected);
        assert_eq!(parse_memory(""), Memory::default());
    }

    #[test]
    fn processors_are_counted_and_their_time_is_split() {
        let text = "cpu  10 2 3 400 5 6 7 8 0 0\ncpu0 5 1 1 200 2 3 3 4 0 0\ncpu1 5 1 2 200 3 3 4 4 0 0\n\
                    intr 1 2 3\nctxt 77\nbtime 1795000000\nprocesses 9\n";
        let expected = Processors {
            count: 2,
            user: 120_000,
            system: 30_000,
            idle: 4_000_000,
            waiting: 50_000,
            interrupts: 130_000,
            stolen: 80_000,
            booted_at: 1_795_000_000,
        };
        assert_eq!(parse_processors(text), expected);
    }

    #[test]
    fn load_uptime_and_image_are_read() {
        assert_eq!(parse_load("0.52 0.48 1.03 2/190 4711\n"), Some([0.52, 0.48, 1.03]));
        assert_eq!(parse_load("0.52 NaN 1"), None);
        assert_eq!(parse_uptime("351735.47 234388.90\n"), Some(351_735_470));
        assert_eq!(parse_uptime("-1 0"), None);
        let release = parse_os_release("PRETTY_NAME=\"x\"\nNAME=\"Corten base\"\nVERSION_ID='1.2.3'\n");
        assert_eq!(release, OsRelease { name: "Corten base".into(), version: "1.2.3".into() });
    }

    #[test]
    fn identities_come_from_the_root() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, bytes: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        };
        let root = Root::new(folder.path());
        assert_eq!((root_hash(&root), machine_id(&root), secure_boot(&root)), Default::default());
        write("proc/cmdline", b"quiet corten.root-hash=0a0b x\n");
        write("run/machine-id", b"00112233445566778899aabbccddeeff\n");
        write(SECURE_BOOT.trim_start_matches('/'), &[6, 0, 0, 0, 1]);
        assert_eq!(root_hash(&root), "0a0b");
        assert_eq!(machine_id(&root), "00112233445566778899aabbccddeeff");
        assert!(secure_boot(&root));
    }

    #[test]
    fn this_machine_tells_of_itself() {
        let root = Root::default();
        assert!(memory(&root).expect("memory").total > 0);
        assert!(processors(&root).expect("processors").count > 0);
        assert!(uptime_ms(&root).expect("an uptime") > 0);
        assert!(load(&root).is_ok() && !kernel().release.is_empty());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = (parse_load(&text), parse_uptime(&text), parse_os_release(&text));
            let _ = parse_memory(&format!("MemTotal: {text}"));
            let _ = parse_processors(&format!("cpu  {text}\nbtime {text}"));
        }
    }
}
