//! Processes of user space, from `/proc`. Formats: proc_pid_stat(5), proc_pid_status(5), cgroups(7).

use corten_api::v1;

use super::{FactError, files};
use crate::root::Root;

/// PF_KTHREAD of linux/sched.h: the process is a thread of the kernel.
const KERNEL_THREAD: u64 = 0x0020_0000;
/// Milliseconds of a clock tick: USER_HZ is 100 on all architectures that Corten runs on.
const TICK_MS: u64 = 10;
/// Bytes of a page on the architectures that Corten runs on.
const PAGE: u64 = 4096;
/// Bytes of a command line that are shown; promised by the API.
const MAX_COMMAND: usize = 1024;
/// The group below which each service has its own.
const SERVICES: &str = "0::/corten/";

/// What is taken from `/proc/PID/stat`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stat {
    /// Name of the program.
    pub name: String,
    /// One letter.
    pub state: String,
    /// PID of the parent.
    pub parent: u32,
    /// Flags of linux/sched.h.
    pub flags: u64,
    /// Processor time of user and kernel mode, ticks.
    pub ticks: u64,
    /// Threads.
    pub threads: u32,
    /// Start, ticks from kernel start.
    pub started: u64,
    /// Resident pages.
    pub pages: u64,
}

/// All processes of user space, by number. One that ends while it is looked at is left out.
pub fn list(root: &Root) -> Result<Vec<v1::Process>, FactError> {
    let names = files::names(root, "/proc")?;
    let mut numbers: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers.into_iter().filter_map(|pid| read(root, pid)).collect())
}

/// How many processes of user space there are: what costs less than looking at each.
pub fn count(root: &Root) -> Result<u32, FactError> {
    let names = files::names(root, "/proc")?;
    let stats = names.iter().filter_map(|name| {
        let pid: u32 = name.parse().ok()?;
        parse_stat(&files::text(root, &format!("/proc/{pid}/stat")).ok()?)
    });
    Ok(stats.filter(|stat| stat.flags & KERNEL_THREAD == 0).count() as u32)
}

fn read(root: &Root, pid: u32) -> Option<v1::Process> {
    let file = |name: &str| files::text(root, &format!("/proc/{pid}/{name}"));
    let stat = parse_stat(&file("stat").ok()?)?;
    if stat.flags & KERNEL_THREAD != 0 {
        return None;
    }
    Some(v1::Process {
        pid,
        parent: stat.parent,
        name: stat.name,
        command: command(&file("cmdline").unwrap_or_default()),
        state: stat.state,
        uid: parse_uid(&file("status").unwrap_or_default()).unwrap_or(0),
        threads: stat.threads,
        memory_bytes: stat.pages.saturating_mul(PAGE),
        cpu_ms: stat.ticks.saturating_mul(TICK_MS),
        started_ms: stat.started.saturating_mul(TICK_MS),
        service: parse_service(&file("cgroup").unwrap_or_default()).unwrap_or_default(),
    })
}

/// Reads `/proc/PID/stat`. The name stands in parentheses and may itself hold parentheses and spaces.
pub fn parse_stat(text: &str) -> Option<Stat> {
    let (front, fields) = text.rsplit_once(") ")?;
    let (_, name) = front.split_once(" (")?;
    // The first field behind the name has number 3 in the manual.
    let fields: Vec<&str> = fields.split_ascii_whitespace().take(30).collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let value = |number: usize| field(number).and_then(|text| text.parse::<u64>().ok());
    Some(Stat {
        name: printable(name, MAX_COMMAND),
        state: printable(field(3)?, 1),
        parent: field(4)?.parse().ok()?,
        flags: value(9)?,
        ticks: value(14)?.saturating_add(value(15)?),
        threads: field(20)?.parse().ok()?,
        started: value(22)?,
        pages: value(24)?,
    })
}

/// The effective user in `/proc/PID/status`.
pub fn parse_uid(text: &str) -> Option<u32> {
    let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// The service in `/proc/PID/cgroup`; groups below that of a service belong to it.
pub fn parse_service(text: &str) -> Option<String> {
    let path = text.lines().find_map(|line| line.strip_prefix(SERVICES))?;
    let name = path.split('/').next()?;
    (!name.is_empty()).then(|| printable(name, 255))
}

/// A command line whose words end in NUL, with spaces between them.
pub fn command(text: &str) -> String {
    printable(&text.trim_end_matches('\0').replace('\0', " "), MAX_COMMAND)
}

/// A text of some program without control characters, cut to a number of bytes at a character.
fn printable(text: &str, bytes: usize) -> String {
    let mut out = String::new();
    for character in text.chars() {
        let shown = if character.is_control() { '?' } else { character };
        if out.len() + shown.len_utf8() > bytes {
            break;
        }
        out.push(shown);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAT: &str = "412 (a) b) S 1 412 412 0 -1 4194560 1553 0 2 0 7 5 0 0 20 0 9 0 231 \
                        1262587904 7168 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n";

    #[test]
    fn a_process_is_read_with_any_name() {
        let stat = parse_stat(STAT).expect("a stat");
        let expected = Stat {
            name: "a) b".into(),
            state: "S".into(),
            parent: 1,
            flags: 4_194_560,
            ticks: 12,
            threads: 9,
            started: 231,
            pages: 7168,
        };
        assert_eq!(stat, expected);
    }

    #[test]
    fn users_and_services_are_found() {
        assert_eq!(parse_uid("Name:\tx\nUid:\t1\t901\t1\t1\nGid:\t1\t1\t1\t1\n"), Some(901));
        assert_eq!(parse_service("0::/corten/containerd/k8s/x\n"), Some("containerd".into()));
        assert_eq!(parse_service("0::/corten/agent\n"), Some("agent".into()));
        assert_eq!(parse_service("0::/\n"), None);
    }

    #[test]
    fn command_lines_are_words_and_have_an_end() {
        assert_eq!(command("/bin/x\0-a\0b\n\0\0"), "/bin/x -a b?");
        assert_eq!(command(&"é".repeat(2000)).len(), 1024);
    }

    #[test]
    fn kernel_threads_are_left_out() {
        let folder = tempfile::tempdir().expect("a folder");
        for (pid, stat) in [("412", STAT.to_string()), ("2", STAT.replace("4194560", "2129984"))] {
            let process = folder.path().join("proc").join(pid);
            std::fs::create_dir_all(&process).expect("a folder");
            std::fs::write(process.join("stat"), stat).expect("a file");
            std::fs::write(process.join("cgroup"), "0::/corten/x\n").expect("a file");
        }
        std::fs::create_dir(folder.path().join("proc/sys")).expect("a folder");
        let list = list(&Root::new(folder.path())).expect("a list");
        let found: Vec<_> = list.iter().map(|process| (process.pid, process.service.as_str())).collect();
        assert_eq!(found, [(412, "x")]);
        assert_eq!((list[0].memory_bytes, list[0].cpu_ms, list[0].started_ms), (7168 * 4096, 120, 2310));
    }

    #[test]
    fn the_processes_of_this_machine_are_there() {
        let list = list(&Root::default()).expect("a list");
        assert!(list.iter().any(|process| process.pid == std::process::id() && process.memory_bytes > 0));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let other = String::from_utf8_lossy(&bytes);
            for text in [text.as_str(), &other, &format!("1 (x) {text}")] {
                let _ = (parse_stat(text), parse_uid(text), parse_service(text));
                prop_assert!(command(text).len() <= MAX_COMMAND);
            }
        }
    }
}
