//! What a service uses, from its control group. Formats: cgroup-v2 of the kernel's documentation.

use super::files;
use crate::root::Root;

/// PIDs of a service that are listed; the API shows them and nothing depends on the rest.
const MAX_PROCESSES: usize = 1024;

/// What a service uses. Zeros for one that does not run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Memory, page cache included.
    pub memory_bytes: u64,
    /// Processor time since its group was made, microseconds.
    pub cpu_us: u64,
    /// Processes and threads that the kernel counts in the group.
    pub tasks: u32,
    /// Its processes, by number; not those of groups below.
    pub processes: Vec<u32>,
}

/// What the service of this name uses.
pub fn of(root: &Root, service: &str) -> Usage {
    // A name is one part of a path, whoever asked for it.
    if service.is_empty() || service.contains('/') || service.starts_with('.') {
        return Usage::default();
    }
    let file = |name: &str| format!("/sys/fs/cgroup/corten/{service}/{name}");
    Usage {
        memory_bytes: files::number(root, &file("memory.current")),
        cpu_us: parse_cpu(&files::value(root, &file("cpu.stat"))),
        tasks: u32::try_from(files::number(root, &file("pids.current"))).unwrap_or(u32::MAX),
        processes: parse_processes(&files::value(root, &file("cgroup.procs"))),
    }
}

/// `usage_usec` of `cpu.stat`.
pub fn parse_cpu(text: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
    line.and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

/// The numbers in `cgroup.procs`, sorted; that file may name one twice.
pub fn parse_processes(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> =
        text.lines().filter_map(|line| line.trim().parse().ok()).take(MAX_PROCESSES).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_service_is_read_from_its_group() {
        let folder = tempfile::tempdir().expect("a folder");
        let group = folder.path().join("sys/fs/cgroup/corten/web");
        std::fs::create_dir_all(&group).expect("a folder");
        for (name, text) in [
            ("memory.current", "5242880\n"),
            ("cpu.stat", "usage_usec 81234\nuser_usec 60000\nsystem_usec 21234\n"),
            ("pids.current", "3\n"),
            ("cgroup.procs", "20\n7\n20\n"),
        ] {
            std::fs::write(group.join(name), text).expect("a file");
        }
        let root = Root::new(folder.path());
        let expected = Usage { memory_bytes: 5_242_880, cpu_us: 81_234, tasks: 3, processes: vec![7, 20] };
        assert_eq!(of(&root, "web"), expected);
        for name in ["absent", "../corten/web", "", ".."] {
            assert_eq!(of(&root, name), Usage::default(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let _ = parse_cpu(&format!("usage_usec {text}"));
            prop_assert!(parse_processes(&text.replace(' ', "\n")).len() <= MAX_PROCESSES);
        }
    }
}
