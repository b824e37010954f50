//! Kernel settings that a machine configuration may not have, or with some values alone. Who checks a configuration
//! says so with a line number; init, which writes settings, asks again.
//!
//! The kernel runs what some settings name as root, outside of every confinement; others take away what keeps the image
//! and its programs what they were signed as; and some keep a node from coming back by itself. Whoever may apply a
//! configuration may do much with a node, but not become root on it.

/// What is allowed of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Nothing: why.
    Nothing(&'static str),
    /// These values: why others aren't.
    Values(&'static [&'static str], &'static str),
}

/// Settings below these folders name programs or reach into the kernel's code.
const FOLDERS: [(&str, &str); 2] = [
    ("fs/binfmt_misc/", "it names programs that run in place of others"),
    ("kernel/usermodehelper/", "it decides what programs that the kernel starts may do"),
];

const PROGRAM: &str = "it names a program that the kernel runs as root";
const LOG: &str = "the log of services goes by way of the kernel's, which the node has to have";
const WEAKER: &str = "anything else takes protection away";

/// The settings by their paths below `/proc/sys`.
const RULES: [(&str, Allowed); 32] = [
    ("kernel/core_pattern", Allowed::Nothing(PROGRAM)),
    ("kernel/modprobe", Allowed::Nothing(PROGRAM)),
    ("kernel/hotplug", Allowed::Nothing(PROGRAM)),
    ("kernel/poweroff_cmd", Allowed::Nothing(PROGRAM)),
    ("kernel/hostname", Allowed::Nothing("the name of the machine is `identity.hostname`")),
    ("kernel/domainname", Allowed::Nothing("the name of the machine is `identity.hostname`")),
    ("kernel/cad_pid", Allowed::Nothing("it takes Ctrl-Alt-Del away from init")),
    ("kernel/ctrl-alt-del", Allowed::Values(&["0"], "anything else restarts the machine without a stop")),
    (
        "kernel/panic",
        Allowed::Nothing("a node that panics has to restart, and the image says after how long"),
    ),
    (
        "kernel/sysrq",
        Allowed::Values(&["0"], "anything else gives whoever is at the keyboard power over the kernel"),
    ),
    (
        "kernel/kexec_load_disabled",
        Allowed::Values(&["1"], "the kernel that runs is the one that was signed"),
    ),
    (
        "kernel/modules_disabled",
        Allowed::Values(&["1"], "modules that are locked out stay so until the next start"),
    ),
    ("kernel/dmesg_restrict", Allowed::Values(&["1"], WEAKER)),
    ("kernel/kptr_restrict", Allowed::Values(&["1", "2"], WEAKER)),
    ("kernel/perf_event_paranoid", Allowed::Values(&["2", "3", "4"], WEAKER)),
    ("kernel/randomize_va_space", Allowed::Values(&["2"], WEAKER)),
    ("kernel/unprivileged_bpf_disabled", Allowed::Values(&["1", "2"], WEAKER)),
    ("kernel/yama/ptrace_scope", Allowed::Values(&["1", "2", "3"], WEAKER)),
    ("fs/protected_fifos", Allowed::Values(&["1", "2"], WEAKER)),
    ("fs/protected_hardlinks", Allowed::Values(&["1"], WEAKER)),
    ("fs/protected_regular", Allowed::Values(&["1", "2"], WEAKER)),
    ("fs/protected_symlinks", Allowed::Values(&["1"], WEAKER)),
    ("fs/suid_dumpable", Allowed::Values(&["0"], WEAKER)),
    ("net/core/bpf_jit_harden", Allowed::Values(&["1", "2"], WEAKER)),
    ("dev/tty/ldisc_autoload", Allowed::Values(&["0"], WEAKER)),
    ("dev/tty/legacy_tiocsti", Allowed::Values(&["0"], WEAKER)),
    ("kernel/printk", Allowed::Nothing(LOG)),
    ("kernel/printk_devkmsg", Allowed::Nothing(LOG)),
    ("kernel/printk_ratelimit", Allowed::Nothing(LOG)),
    ("kernel/core_pipe_limit", Allowed::Nothing(PROGRAM)),
    ("vm/mmap_min_addr", Allowed::Nothing(WEAKER)),
    ("vm/unprivileged_userfaultfd", Allowed::Values(&["0"], WEAKER)),
];

/// What is allowed of the setting at a path below `/proc/sys`; `None` for anything.
pub fn allowed(path: &str) -> Option<Allowed> {
    let folder = FOLDERS.iter().find(|(folder, _)| path.starts_with(folder));
    if let Some((_, why)) = folder {
        return Some(Allowed::Nothing(why));
    }
    RULES.into_iter().find(|(known, _)| *known == path).map(|(_, allowed)| allowed)
}

/// Why a machine configuration may not give a setting a value; `None` where it may. The path is that below `/proc/sys`.
pub fn refused(path: &str, value: &str) -> Option<String> {
    match allowed(path)? {
        Allowed::Nothing(why) => Some(why.to_owned()),
        Allowed::Values(values, _) if values.contains(&value) => None,
        Allowed::Values(values, why) => Some(format!("expected {}: {why}", values.join(" or "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_programs_or_protects_the_node_stays_with_the_image() {
        for (path, value) in [
            ("kernel/core_pattern", "|/bin/x"),
            ("fs/binfmt_misc/register", ":x"),
            ("kernel/sysrq", "1"),
            ("kernel/printk_devkmsg", "off"),
            ("vm/mmap_min_addr", "0"),
        ] {
            assert!(refused(path, value).is_some(), "{path}");
        }
        for (path, value) in [("vm/swappiness", "10"), ("kernel/sysrq", "0"), ("fs/binfmt_miscx", "1")] {
            assert_eq!(refused(path, value), None, "{path}");
        }
    }
}
