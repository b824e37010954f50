//! What a booting node tells the machine that boots it.
//!
//! The node writes one JSON object a line to the virtio-serial port [`PORT`], oldest first; `corten run` and the
//! tests read them. Nothing flows the other way: a node takes no orders on this port. A node without the port
//! writes nothing. Readers ignore events and fields that they do not know.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

/// Name of the virtio-serial port, found in the guest under `/sys/class/virtio-ports/*/name`.
pub const PORT: &str = "org.corten.report";

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Event {
    /// What was before the kernel.
    BeforeKernel(BeforeKernel),
    /// A part of the boot ended.
    Step(Step),
    /// The node is ready: its services answered.
    Ready(Ready),
    /// The node can't become ready and says why.
    Failed(Failed),
    /// The node has no state and runs no services; it stays up for a person to decide.
    Maintenance(Failed),
    /// The running version was on trial and is committed now.
    Committed {
        /// Name of its boot image.
        boot_image: String,
    },
    /// Every block of a slot was read.
    Scrubbed(Scrubbed),
    /// The node stops in order; the next thing is power-off or restart.
    Stopping {
        /// What asked for it: `power-button`, `signal`, `request`, `failure`; `not-ready` and `fall-back` where
        /// another version gets its turn.
        cause: String,
    },
}

/// How long the machine took until the kernel, as its loader counted. Loaders count only where the processor's clock
/// began at power-on, so not in virtual machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeforeKernel {
    /// From power-on to the start of the loader.
    pub firmware_ms: u64,
    /// From there to the start of the boot image.
    pub loader_ms: u64,
}

/// A part of the boot with its start and end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// `stage1.modules`, `stage1.verity`, `stage2.mounts`, `service.containerd` and so on.
    pub name: String,
    /// Start, milliseconds of the monotonic clock, which counts from kernel start.
    pub start_ms: u64,
    /// End, the same clock.
    pub end_ms: u64,
}

/// What a ready node says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ready {
    /// VERSION_ID of the running image.
    pub version: String,
    /// dm-verity root hash of the running root, hex.
    pub root_hash: String,
    /// Whether the firmware says that it started signed programs alone.
    #[serde(default)]
    pub secure_boot: bool,
    /// Milliseconds from kernel start to ready.
    pub kernel_to_ready_ms: u64,
    /// Memory in use, page cache aside, bytes: MemTotal - MemFree - Buffers - Cached - SReclaimable + Shmem, less the
    /// free pages that processors keep in lists of their own, which MemFree leaves out.
    pub memory_used_bytes: u64,
    /// User-space processes, init included.
    pub processes: u32,
    /// Services that run, with what their health check found: `containerd` → `1.7.24, 3 plugins ok`.
    pub services: std::collections::BTreeMap<String, String>,
    /// Identity of the machine, 32 hexadecimal digits, made on its first boot and kept in its state.
    #[serde(default)]
    pub machine_id: String,
    /// What the machine keeps over reboots.
    #[serde(default)]
    pub state: Option<State>,
}

/// The state partition of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// UUID of its file system, as text.
    pub uuid: String,
    /// Bytes of the partition.
    pub bytes: u64,
    /// Whether it was there before this boot.
    pub age: Age,
}

/// Whether something was there before this boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Age {
    /// It was made in this boot.
    New,
    /// It was kept.
    Kept,
}

/// What a scrub found in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scrubbed {
    /// Label of the partition with its data.
    pub slot: String,
    /// Blocks that were compared with their hashes, those of the tree included.
    pub blocks: u64,
    /// How many of these are corrupt.
    pub bad: u64,
    /// Data blocks whose hashes are in a corrupt block of the tree, so that nothing can be told of them.
    #[serde(default)]
    pub not_checked: u64,
}

/// Why a node does not become ready.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// What failed: a step or service.
    pub what: String,
    /// Why.
    pub why: String,
    /// What a person can do.
    pub hint: String,
}

impl Event {
    /// The event as one line of JSON, with its newline.
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }

    /// Reads one line; `None` for what is not an event that this version knows.
    pub fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line.trim()).ok()
    }
}
