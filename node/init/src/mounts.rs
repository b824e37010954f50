//! The file systems of a node, in the order in which they are mounted.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use corten_sys::SysError;
use corten_sys::mount::{Mount, MountFlags, mount, remount, unmount};

use crate::log::{Level, Log};

const STRICT: MountFlags = MountFlags::NOSUID.union(MountFlags::NODEV).union(MountFlags::NOEXEC);

/// What stage 1 needs. It moves with the root, so stage 2 finds it.
const KERNEL: [Mount<'static>; 3] = [
    of("devtmpfs", "/dev", MountFlags::NOSUID.union(MountFlags::NOEXEC), "mode=0755"),
    // A process sees those of its own user; root sees all.
    of("proc", "/proc", STRICT, "hidepid=invisible"),
    // Not read-only: drivers are set up here, and only root can write to it.
    of("sysfs", "/sys", STRICT, ""),
];

/// What stage 2 can't do without. What is in memory takes a quarter of it at most, each.
const NEEDED: [Mount<'static>; 3] = [
    of("tmpfs", "/run", STRICT, "mode=0755,size=25%"),
    of("tmpfs", "/tmp", STRICT, "mode=1777,size=25%"),
    of("cgroup2", "/sys/fs/cgroup", STRICT, "nsdelegate,memory_recursiveprot"),
];

/// What some programs want. Their mount points below /dev are made here, since devtmpfs is empty of them.
const WANTED: [Mount<'static>; 4] = [
    of("devpts", "/dev/pts", MountFlags::NOSUID.union(MountFlags::NOEXEC), "mode=0620,gid=5,ptmxmode=0666"),
    of("tmpfs", "/dev/shm", STRICT, "mode=1777,size=25%"),
    of("mqueue", "/dev/mqueue", STRICT, ""),
    of("securityfs", "/sys/kernel/security", STRICT, ""),
];

/// Mounting this makes the kernel ask for a module that no image has, and it waits for the answer.
const SLOW: Mount<'static> = of("bpf", "/sys/fs/bpf", STRICT, "mode=0700");

/// Names of /dev that programs expect and devtmpfs does not have.
const LINKS: [(&str, &str); 4] =
    [("/proc/self/fd", "/dev/fd"), ("fd/0", "/dev/stdin"), ("fd/1", "/dev/stdout"), ("fd/2", "/dev/stderr")];

/// What stands in for a state that can't be used. No service runs from it.
const VAR: Mount<'static> = of("tmpfs", "/var", STRICT, "mode=0755");

/// Directories that programs expect, with their modes.
const DIRECTORIES: [(&str, u32); 6] = [
    ("/run/lock", 0o755),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    // Seeds, records and identities of the node itself, each with a mode of its own; what manages it has a directory
    // in there.
    ("/var/lib/corten", 0o711),
    ("/var/log", 0o755),
    ("/var/tmp", 0o1777),
];

const fn of(
    kind: &'static str,
    target: &'static str,
    flags: MountFlags,
    data: &'static str,
) -> Mount<'static> {
    Mount { source: kind, target, kind, flags, data }
}

/// Mounts the kernel's own file systems in the initrd.
pub fn initrd() -> Result<(), SysError> {
    KERNEL.iter().try_for_each(mount)
}

/// Mounts everything of stage 2.
pub fn root(log: &Log) -> Result<(), SysError> {
    NEEDED.iter().try_for_each(mount)?;
    for want in &WANTED {
        let _ = fs::create_dir_all(want.target);
        if let Err(error) = mount(want) {
            log.write(Level::Warning, error);
        }
    }
    for (target, link) in LINKS {
        if let Err(error) = symlink(target, link) {
            log.write(Level::Warning, format_args!("{link}: {error}"));
        }
    }
    Ok(())
}

/// Lets a group see the processes of all users, as root does.
pub fn show_processes(group: u32) -> Result<(), SysError> {
    remount("/proc", STRICT, &format!("hidepid=invisible,gid={group}"))
}

/// Mounts what stands in for the state.
pub fn without_state() -> Result<(), SysError> {
    mount(&VAR)
}

/// Makes the directories that programs expect, once all is mounted.
pub fn directories(log: &Log) {
    for (directory, mode) in DIRECTORIES {
        let made = fs::create_dir_all(directory)
            .and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(mode)));
        if let Err(error) = made {
            log.write(Level::Warning, format_args!("{directory}: {error}"));
        }
    }
}

/// Mounts what no service waits for; to be called beside them.
pub fn slow(log: &Log) {
    if let Err(error) = mount(&SLOW) {
        log.write(Level::Warning, error);
    }
}

/// Unmounts what holds data, deepest first. The kernel's own file systems and the root stay: there is nothing to
/// write back to them.
pub fn release(log: &Log) {
    let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    for target in to_release(&mountinfo) {
        if let Err(error) = unmount(&target) {
            log.write(Level::Warning, error);
        }
    }
}

/// Mount points of `/proc/self/mountinfo` (proc_pid_mountinfo(5)) in the order of their unmounting: the last
/// mounted first.
fn to_release(mountinfo: &str) -> Vec<PathBuf> {
    let stays = |target: &Path| {
        target == Path::new("/") || ["/dev", "/proc", "/sys"].iter().any(|kept| target.starts_with(kept))
    };
    let targets = mountinfo.lines().filter_map(|line| line.split(' ').nth(4)).map(unescape);
    let mut targets: Vec<PathBuf> = targets.filter(|target| !stays(target)).collect();
    targets.reverse();
    targets
}

/// Space, tab, newline and backslash stand as three octal digits.
fn unescape(field: &str) -> PathBuf {
    let text =
        field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\");
    PathBuf::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_mounted_last_is_unmounted_first_and_the_kernels_own_stay() {
        let mountinfo = "\
20 1 254:0 / / ro,nodev shared:1 - erofs /dev/dm-0 ro
21 20 0:5 / /dev rw,nosuid - devtmpfs devtmpfs rw
22 20 0:6 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
23 20 0:30 / /run rw,nosuid,nodev - tmpfs tmpfs rw
24 20 0:31 / /var rw,nosuid,nodev - tmpfs tmpfs rw
25 24 0:40 / /var/lib/a\\040b rw - overlay overlay rw
26 20 0:41 / /devices rw - tmpfs tmpfs rw
";
        let order = to_release(mountinfo);
        assert_eq!(order, ["/devices", "/var/lib/a b", "/var", "/run"].map(PathBuf::from));
    }
}
