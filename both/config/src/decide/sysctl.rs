//! Kernel settings that a configuration may not have, or with some values alone.
//!
//! The kernel runs what some settings name as root, outside of every confinement; others take away what keeps the image
//! and its programs what they were signed as; and some keep a node from coming back by itself. Whoever may apply a
//! configuration may do much with a node, but not become root on it.

/// What is allowed of a setting.
pub(super) enum Allowed {
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
const WEAKER: &str = "anything else takes protection away";

/// The settings by their paths below `/proc/sys`.
const RULES: [(&str, Allowed); 25] = [
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
];

/// What is allowed of the setting at a path below `/proc/sys`; `None` for anything.
pub(super) fn allowed(path: &str) -> Option<Allowed> {
    let folder = FOLDERS.iter().find(|(folder, _)| path.starts_with(folder));
    if let Some((_, why)) = folder {
        return Some(Allowed::Nothing(why));
    }
    RULES.into_iter().find(|(known, _)| *known == path).map(|(_, allowed)| allowed)
}
