//! The OCI runtime specification of a container: from what is decided about it to what crun is given.
//!
//! Pure: everything that has to be looked up (users of an image, values of secrets, paths on the node) is looked up
//! before and handed in. A container has no capability that its configuration does not name, a seccomp profile, no way
//! to gain rights, and namespaces of its own for all but what it shares with its workload.

mod capabilities;
mod mounts;
mod process;
mod resources;
mod seccomp;

use std::collections::BTreeMap;
use std::path::PathBuf;

use corten_config::settings::{Container, ContainerResources};
use serde_json::{Map, Value, json};

pub use capabilities::{ALL as ALL_CAPABILITIES, is_capability};
pub use mounts::{Bind, Place, bound};
pub use process::{Identity, ImageProcess, NoCommand, Program, exec_process, program};
pub use resources::{Disk, unified};
pub use seccomp::{Profile, ProfileError};

/// Paths of /proc and /sys that tell of the node or let it be changed: the list of the field's engines.
const MASKED: [&str; 11] = [
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/firmware",
];
const MASKED_POWER: &str = "/sys/devices/virtual/powercap";

/// Paths of /proc that can be seen and not be changed.
const READ_ONLY: [&str; 5] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// Containers with the same value of this annotation share a shim, and the memory that one takes.
const SHIM_GROUP: &str = "io.containerd.runc.v2.group";

/// Everything that makes a specification.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Name of the workload.
    pub workload: &'a str,
    /// What the configuration says.
    pub container: &'a Container,
    /// Program, arguments, variables, working directory, with the image's where the configuration has none.
    pub program: Program,
    /// As whom it runs.
    pub identity: Identity,
    /// Name of the machine as it sees it; empty for the node's.
    pub hostname: &'a str,
    /// Its network namespace; `None` for the node's own.
    pub network: Option<PathBuf>,
    /// Where else things of the node are to be seen in it, resolved.
    pub binds: Vec<Bind>,
    /// Its control group, below the root of all groups.
    pub cgroup: String,
    /// The disk of the state, for limits of transfer.
    pub disk: Option<Disk>,
    /// The default profile.
    pub seccomp: &'a Profile,
}

/// The specification.
pub fn specification(input: &Input<'_>) -> Value {
    let container = input.container;
    let capabilities = capabilities::of(container);
    let mut linux = Map::new();
    linux.insert("cgroupsPath".into(), json!(input.cgroup));
    linux.insert("namespaces".into(), namespaces(input));
    linux.insert("resources".into(), limits(container, input.disk.as_ref()));
    if !container.privileged {
        let masked: Vec<&str> = MASKED.into_iter().chain([MASKED_POWER]).collect();
        linux.insert("maskedPaths".into(), json!(masked));
        linux.insert("readonlyPaths".into(), json!(READ_ONLY));
        linux.insert("seccomp".into(), input.seccomp.rules(&capabilities));
    }
    let mut all = json!({
        "ociVersion": "1.0.2",
        "process": process::of(&input.program, &input.identity, container, &capabilities),
        "root": { "path": "rootfs", "readonly": container.read_only },
        "mounts": mounts::of(container, &input.binds, &input.identity),
        "linux": linux,
        "annotations": { SHIM_GROUP: input.workload },
    });
    // Without one it has the node's.
    if !input.hostname.is_empty() {
        all["hostname"] = json!(input.hostname);
    }
    all
}

/// Containers share nothing but the network of their workload.
fn namespaces(input: &Input<'_>) -> Value {
    let mut all: Vec<Value> =
        ["pid", "ipc", "mount", "cgroup", "uts"].into_iter().map(|kind| json!({ "type": kind })).collect();
    if let Some(path) = &input.network {
        all.push(json!({ "type": "network", "path": path }));
    }
    Value::Array(all)
}

fn limits(container: &Container, disk: Option<&Disk>) -> Value {
    let devices = json!([{ "allow": container.privileged, "access": "rwm" }]);
    let files: BTreeMap<String, String> = unified(&with_usual(&container.resources), disk);
    json!({ "devices": devices, "unified": files })
}

/// Processes of a container whose configuration says nothing: more than any service needs that is well, few enough that
/// one which forks without end takes nothing from the others.
const USUAL_PIDS: u32 = 4096;

fn with_usual(resources: &ContainerResources) -> ContainerResources {
    ContainerResources { pids_max: resources.pids_max.or(Some(USUAL_PIDS)), ..*resources }
}

#[cfg(test)]
pub(crate) mod tests;
