//! What a container does not see and can not do, looked at from inside.

use anyhow::{Context as _, Result, ensure};

use super::super::exec;
use super::are;
use crate::live::Node;

/// Numbers that the kernel gives the first namespaces of each kind (include/uapi/linux/nsfs.h, fs/proc of Linux 6).
const FIRST: [(&str, &str); 4] =
    [("pid", "4026531836"), ("uts", "4026531838"), ("ipc", "4026531839"), ("cgroup", "4026531835")];

/// The number of a namespace of a container.
fn namespace(node: &mut Node<'_>, container: &str, kind: &str) -> Result<String> {
    let link = exec(node, container, &format!("readlink /proc/1/ns/{kind}"))?;
    let number = link.trim().strip_prefix(&format!("{kind}:[")).and_then(|rest| rest.strip_suffix(']'));
    Ok(number.with_context(|| link.clone())?.to_owned())
}

pub(super) fn give_namespaces(node: &mut Node<'_>) -> Result<()> {
    for (kind, first) in FIRST {
        let (plain, inside) = (namespace(node, "plain", kind)?, namespace(node, "inside", kind)?);
        ensure!(plain != first && inside != first && plain != inside, "{kind}: {plain} and {inside}");
    }
    for kind in ["net", "mnt"] {
        // That of one with the node's own network is the node's.
        let (plain, inside) = (namespace(node, "plain", kind)?, namespace(node, "inside", kind)?);
        ensure!(plain != inside, "{kind}: {plain} and {inside}");
    }
    let groups = exec(node, "plain", "cat /proc/1/cgroup; ls -d /sys/fs/cgroup/workloads 2>&1 || true")?;
    let lines: Vec<&str> = groups.lines().collect();
    ensure!(lines.len() == 2 && lines[0] == "0::/" && lines[1].contains("No such file"), "{groups}");
    let made = exec(node, "plain", "mkdir /sys/fs/cgroup/own 2>&1 || true")?;
    ensure!(made.contains("Read-only file system"), "{made}");
    Ok(())
}

/// What is masked has nothing in it, and what tells the kernel something can't be written to.
pub(super) fn hide_what_is_of_the_node(node: &mut Node<'_>) -> Result<()> {
    let script = "for path in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats \
                  /proc/sched_debug /proc/scsi /proc/timer_list /proc/timer_stats /sys/firmware \
                  /sys/devices/virtual/powercap; do\n\
                  if test -d $path; then ls -A $path; elif test -e $path; then head -c 16 $path; fi\ndone";
    let seen = exec(node, "plain", script)?;
    ensure!(seen.is_empty(), "{seen:?}");
    let there = exec(
        node,
        "plain",
        "for path in /proc/interrupts /proc/kcore /proc/keys /proc/timer_list; do test -c $path && echo masked; done; test -d /sys/firmware && echo masked",
    )?;
    are(&there, &["masked"; 5])?;
    for path in [
        "/proc/sys/kernel/hostname",
        "/proc/sysrq-trigger",
        "/proc/irq/default_smp_affinity",
        "/sys/kernel/uevent_helper",
    ] {
        let refused = exec(node, "plain", &format!("(echo x > {path}) 2>&1 || true"))?;
        ensure!(refused.contains("Read-only file system"), "{path}: {refused:?}");
    }
    let node_only = exec(node, "plain", "ls -d /usr/lib/corten /var/lib/corten /run/corten 2>&1 || true")?;
    ensure!(node_only.lines().all(|line| line.contains("No such file")), "{node_only}");
    Ok(())
}

pub(super) fn leave_devices_out(node: &mut Node<'_>) -> Result<()> {
    let devices = exec(
        node,
        "plain",
        "cd /dev; for name in *; do if test -c $name || test -b $name; then echo $name; fi; done",
    )?;
    are(&devices, &["core", "full", "null", "ptmx", "random", "tty", "urandom", "zero"])?;
    let made = exec(node, "plain", "mknod /disk b 254 0 2>&1 || true")?;
    ensure!(made.contains("not permitted"), "{made:?}");
    Ok(())
}

/// Of all that is mounted the root alone may hold setuid programs, which is for `new-privileges` to say. What covers
/// something else is empty, or the device that holds nothing.
pub(super) fn mount_without_rights(node: &mut Node<'_>) -> Result<()> {
    let mounts = exec(node, "plain", "cat /proc/mounts")?;
    let mut count = 0;
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, place, kind, options, ..] = fields[..] else { continue };
        let has = |option: &str| options.split(',').any(|one| one == option);
        let covers = has("ro") && (has("size=0k") || kind == "devtmpfs");
        if place == "/" || covers {
            continue;
        }
        count += 1;
        ensure!(has("nosuid"), "{line}");
        ensure!(has("nodev") || ["/dev", "/dev/pts"].contains(&place), "{line}");
        ensure!(has("ro") || !["sysfs", "cgroup2"].contains(&kind), "{line}");
    }
    ensure!(count > 8, "{mounts}");
    Ok(())
}

/// Who has all rights can do the same, so the kernel knows how.
pub(super) fn refuse_system_calls(node: &mut Node<'_>) -> Result<()> {
    for script in ["unshare -m true", "mount -t tmpfs tmpfs /tmp", "chroot / true"] {
        let script = format!("mkdir -p /tmp; {script}");
        exec(node, "mighty", &script).with_context(|| script.clone())?;
        let refused = exec(node, "plain", &format!("({script}) > /dev/null 2>&1 || echo refused"))?;
        ensure!(refused == "refused\n", "{script}: {refused:?}");
    }
    Ok(())
}

/// Has a container open a socket of a protocol of the kernel (`AF_NETLINK`), and returns what it says of that.
fn netlink(node: &mut Node<'_>, container: &str, protocol: u32) -> Result<String> {
    let script = format!("socat -u OPEN:/dev/null SOCKET-SENDTO:16:3:{protocol}:x00000000 2>&1; true");
    exec(node, container, &script)
}

/// For one of `NETLINK_AUDIT` nobody needs a right, so it is the filter alone that refuses it.
pub(super) fn filter_system_calls(node: &mut Node<'_>) -> Result<()> {
    let refused = "Invalid argument";
    let filtered = netlink(node, "people/name", 9)?;
    ensure!(filtered.contains("socket(") && filtered.contains(refused), "{filtered:?}");
    let other = netlink(node, "people/name", 0)?;
    ensure!(!other.contains("socket("), "another protocol: {other:?}");
    let unfiltered = netlink(node, "mighty", 9)?;
    ensure!(!unfiltered.contains(refused), "without a filter: {unfiltered:?}");
    Ok(())
}
