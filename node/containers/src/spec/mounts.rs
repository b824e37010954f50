//! What is mounted in a container.

use std::path::PathBuf;

use corten_config::settings::{Container, Mount};
use serde_json::{Value, json};

use super::process::Identity;

/// Something of the node that a container sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// File or folder of the node.
    pub source: PathBuf,
    /// Where it is in the container.
    pub target: String,
    /// What may be done with it.
    pub place: Place,
}

/// What may be done with something of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Read.
    ReadOnly,
    /// Written.
    Writable,
}

/// Files that any container has, by name, options without those that all have.
fn own(container: &Container) -> Vec<Value> {
    let (proc, sys): (&[&str], &[&str]) = if container.privileged {
        (&["nosuid", "noexec", "nodev"], &["nosuid", "noexec", "nodev"])
    } else {
        (&["nosuid", "noexec", "nodev"], &["nosuid", "noexec", "nodev", "ro"])
    };
    let cgroup: &[&str] = if container.privileged {
        &["nosuid", "noexec", "nodev"]
    } else {
        &["nosuid", "noexec", "nodev", "ro"]
    };
    let mut all = vec![json!({ "destination": "/proc", "type": "proc", "source": "proc", "options": proc })];
    if container.privileged {
        // All devices, those that come later too.
        all.push(json!({ "destination": "/dev", "type": "bind", "source": "/dev", "options": ["rbind", "rslave"] }));
    } else {
        all.extend([
            json!({ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
                "options": ["nosuid", "noexec", "strictatime", "mode=755", "size=64k"] }),
            json!({ "destination": "/dev/pts", "type": "devpts", "source": "devpts",
                "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] }),
            json!({ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
                "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=64m"] }),
            json!({ "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
                "options": ["nosuid", "noexec", "nodev"] }),
        ]);
    }
    all.extend([
        json!({ "destination": "/sys", "type": "sysfs", "source": "sysfs", "options": sys }),
        json!({ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": cgroup }),
    ]);
    all
}

/// All mounts, those of the configuration last: they may lie in others.
pub(super) fn of(container: &Container, binds: &[Bind], identity: &Identity) -> Value {
    let mut all = own(container);
    let mut theirs: Vec<(&str, Value)> =
        binds.iter().map(|bind| (bind.target.as_str(), bound(bind))).collect();
    for (target, mount) in &container.mounts {
        if let Mount::Tmpfs { size } = mount {
            theirs.push((target, tmpfs(target, *size, identity)));
        }
    }
    // What lies above comes before what lies in it.
    theirs.sort_by_key(|(target, _)| target.matches('/').count());
    all.extend(theirs.into_iter().map(|(_, mount)| mount));
    Value::Array(all)
}

/// A file or folder of the node in a container.
pub fn bound(bind: &Bind) -> Value {
    let mut options = vec!["rbind", "rprivate", "nosuid", "nodev"];
    if bind.place == Place::ReadOnly {
        options.push("ro");
    }
    json!({ "destination": bind.target, "type": "bind", "source": bind.source, "options": options })
}

/// Memory that belongs to the container's user.
fn tmpfs(target: &str, size: Option<u64>, identity: &Identity) -> Value {
    let mut options: Vec<String> = ["nosuid", "nodev", "mode=1777"].map(str::to_owned).into();
    options.extend([format!("uid={}", identity.uid), format!("gid={}", identity.gid)]);
    options.extend(size.map(|bytes| format!("size={bytes}")));
    json!({ "destination": target, "type": "tmpfs", "source": "tmpfs", "options": options })
}
