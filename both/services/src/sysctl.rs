//! Kernel settings that a machine configuration leaves to the image.

/// Settings, or whole groups of them (ending in a full stop), with the reason.
const KEPT: [(&str, &str); 24] = [
    ("fs.binfmt_misc.", "it would start programs by the look of a file"),
    ("fs.protected_fifos", HARDENING),
    ("fs.protected_hardlinks", HARDENING),
    ("fs.protected_regular", HARDENING),
    ("fs.protected_symlinks", HARDENING),
    ("fs.suid_dumpable", HARDENING),
    ("kernel.cad_pid", "it says who hears of Ctrl-Alt-Del, which is init"),
    ("kernel.core_pattern", PROGRAM),
    ("kernel.core_pipe_limit", PROGRAM),
    ("kernel.ctrl-alt-del", "it would restart the machine without stopping anything"),
    ("kernel.dmesg_restrict", HARDENING),
    ("kernel.domainname", "a node has a host name and no other"),
    ("kernel.hostname", "the host name is identity.hostname"),
    ("kernel.hotplug", PROGRAM),
    ("kernel.kexec_load_disabled", HARDENING),
    ("kernel.kptr_restrict", HARDENING),
    ("kernel.modprobe", PROGRAM),
    ("kernel.modules_disabled", "drivers of devices that come later could not be loaded"),
    ("kernel.perf_event_paranoid", HARDENING),
    ("kernel.poweroff_cmd", PROGRAM),
    ("kernel.sysrq", HARDENING),
    ("kernel.unprivileged_bpf_disabled", HARDENING),
    ("kernel.usermodehelper.", PROGRAM),
    ("kernel.yama.ptrace_scope", HARDENING),
];

const PROGRAM: &str = "it names a program that the kernel starts as root";
const HARDENING: &str = "it is part of what protects the node; a recipe can change it";

/// Why a machine configuration may not change a setting, by its name of sysctl(8) with full stops or slashes; `None`
/// where it may.
pub fn kept_setting(name: &str) -> Option<&'static str> {
    let name = name.replace('/', ".");
    let is = |kept: &str| match kept.strip_suffix('.') {
        Some(group) => name.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        None => name == kept,
    };
    KEPT.iter().find(|(kept, _)| is(kept)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_programs_or_protects_the_node_stays_with_the_image() {
        for kept in ["kernel.core_pattern", "kernel/modprobe", "fs.binfmt_misc.register", "kernel.sysrq"] {
            assert!(kept_setting(kept).is_some(), "{kept}");
        }
        for free in ["vm.swappiness", "net.ipv4.ip_forward", "kernel.core_uses_pid", "fs.binfmt_miscx"] {
            assert_eq!(kept_setting(free), None, "{free}");
        }
    }
}
