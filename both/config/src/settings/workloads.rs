//! Workloads: containers that the node keeps running, and what they may use.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What containers of this node may be, and what is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Containers {
    /// Folders of the node that containers may be given, with everything below them.
    pub host_paths: Vec<String>,
    /// Whether programs may be started in running containers through the API, and containers for finding faults
    /// beside them.
    pub interactive: Interactive,
    /// When images that nothing uses are removed.
    pub disk: DiskPressure,
    /// The workloads, by name.
    pub workloads: BTreeMap<String, Workload>,
    /// What is known of registries, by `HOST` or `HOST:PORT`. The name `*` stands for all that are not named.
    pub registries: BTreeMap<String, Registry>,
    /// Secrets that workloads name.
    pub secrets: BTreeMap<String, Secret>,
    /// How registries and mirrors are reached: what `network.proxy` says.
    pub proxy: Option<super::Proxy>,
}

/// Whether people may start programs in containers through the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Interactive {
    /// `exec` and `cp`: a program in a container, with the container's own rights.
    pub exec: bool,
    /// `debug`: a container of any image in the pid, network and ipc namespaces of the one that it joins, as root with
    /// every capability, no seccomp profile and no masked paths.
    pub debug: bool,
}

/// When the disk is so full that images which nothing uses are removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DiskPressure {
    /// Percent of the state's file system in use from which on images go.
    pub high_percent: u8,
    /// Percent at which it is enough.
    pub low_percent: u8,
}

impl Default for DiskPressure {
    fn default() -> Self {
        Self { high_percent: 85, low_percent: 75 }
    }
}

/// A text that nobody is shown.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

/// Containers that share a network and live together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Workload {
    /// Its containers, by name; at least one.
    pub containers: BTreeMap<String, Container>,
    /// Where its network is.
    pub network: WorkloadNetwork,
    /// Ports of the node that lead to it.
    pub ports: Vec<PublishedPort>,
    /// Names beside its own under which other workloads of its network find it.
    pub aliases: Vec<String>,
    /// Workloads that are ready before this one starts.
    pub after: Vec<String>,
    /// When it runs, as [`Schedule`](crate::types::Schedule) reads it, in UTC; `None` for always.
    pub schedule: Option<String>,
    /// Whether the node is unhealthy while it is.
    pub essential: bool,
    /// Whether it may reach the node's local API, and with which role: `reader`, `operator` or `admin`.
    pub system: Option<String>,
    /// Whether it may reach containerd's socket, which makes it root of the node.
    pub containerd: bool,
    /// Name of the OCI runtime, one of those that the image of the node holds; `None` for its first one.
    pub runtime: Option<String>,
    /// Seconds between the signal that ends a container and SIGKILL.
    pub stop_seconds: u32,
}

impl Workload {
    /// Seconds that a container has for its end where nothing is written. What docker gives.
    pub const STOP_SECONDS: u32 = 10;
}

/// Where a workload's network is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum WorkloadNetwork {
    /// The node's own.
    Host,
    /// One of its own, joined to a bridge with all workloads that name the same one.
    Bridge {
        /// Name of the bridge in the configuration, 12 characters at most: its link is `ctn-NAME`, or a hash of it.
        name: String,
    },
    /// One of its own that leads nowhere.
    None,
}

/// A port of the node that leads to a workload.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PublishedPort {
    /// Address of the node; `None` for all.
    pub address: Option<IpAddr>,
    /// Port of the node.
    pub node_port: u16,
    /// Port in the workload's network; the same one with the node's own network.
    pub port: u16,
    /// Protocol.
    pub protocol: super::Transport,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Container {
    /// Name of its image, as it was written.
    pub image: String,
    /// In place of the image's entry point.
    pub command: Option<Vec<String>>,
    /// In place of the image's own arguments.
    pub arguments: Option<Vec<String>>,
    /// Variables beside those of the image.
    pub environment: BTreeMap<String, Variable>,
    /// Files of the node with lines `NAME=value`, below one of the allowed folders. `environment` goes before them.
    pub environment_files: Vec<String>,
    /// In place of the image's.
    pub working_directory: Option<String>,
    /// `USER`, `USER:GROUP`, names of the image or numbers; in place of the image's.
    pub user: Option<String>,
    /// Whether nothing of its root can be written to.
    pub read_only: bool,
    /// Capabilities that it has, `CAP_…`.
    pub capabilities: BTreeSet<String>,
    /// All capabilities and devices, no seccomp, nothing masked.
    pub privileged: bool,
    /// Whether programs with setuid or file capabilities give rights.
    pub new_privileges: bool,
    /// What is mounted in it, by the place in the container.
    pub mounts: BTreeMap<String, Mount>,
    /// What it may use.
    pub resources: ContainerResources,
    /// Whether it is started again.
    pub restart: RestartPolicy,
    /// Has to pass once before the others are made.
    pub startup: Option<Check>,
    /// Restarts the container when it fails.
    pub liveness: Option<Check>,
    /// Whether the container counts as ready.
    pub readiness: Option<Check>,
    /// Name of the signal that ends it, `SIG…`; `None` for the image's, or SIGTERM.
    pub stop_signal: Option<String>,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Variable {
    /// This text.
    Text {
        /// The text.
        text: String,
    },
    /// A secret.
    Secret {
        /// Its name.
        name: String,
    },
}

/// What is mounted at a place in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mount {
    /// A volume on the state, made when it is first named. Volumes outlive their workloads.
    Volume {
        /// Its name.
        name: String,
        /// Whether nothing of it can be written to.
        read_only: bool,
    },
    /// A file or folder of the node, below one of the allowed ones.
    Host {
        /// Its path.
        path: String,
        /// Whether nothing of it can be written to.
        read_only: bool,
    },
    /// Memory.
    Tmpfs {
        /// Bytes; `None` for half of the node's memory. What is written counts against the container's memory limit.
        size: Option<u64>,
    },
    /// A secret as a file that only the container's user can read.
    Secret {
        /// Its name.
        name: String,
    },
}

/// What a container may use. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ContainerResources {
    /// Thousandths of a processor.
    pub cpu_millis: Option<u32>,
    /// Share of the processors, 1 to 10000; others have 100.
    pub cpu_weight: Option<u16>,
    /// Bytes.
    pub memory_max: Option<u64>,
    /// Bytes from which on it is slowed down.
    pub memory_high: Option<u64>,
    /// Processes and threads.
    pub pids_max: Option<u32>,
    /// Share of the disks, 1 to 10000; others have 100.
    pub io_weight: Option<u16>,
    /// Bytes a second, from the disk of the state and to it.
    pub io_read_bytes: Option<u64>,
    /// Bytes a second to the disk of the state.
    pub io_write_bytes: Option<u64>,
}

/// Whether a container that ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// However it ended.
    #[default]
    Always,
    /// Unless it ended with exit code 0.
    OnFailure,
    /// Never.
    Never,
}

/// A check of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    /// What is asked.
    pub kind: CheckKind,
    /// Seconds between two checks.
    pub interval_seconds: u32,
    /// Seconds that an answer may take.
    pub timeout_seconds: u32,
    /// How often in a row it may fail.
    pub failures: u32,
}

/// What a check asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum CheckKind {
    /// A program in the container has to end with exit code 0.
    Command {
        /// The program and its arguments.
        command: Vec<String>,
    },
    /// Has to answer with a status from 200 to 299.
    Http {
        /// Port of the container.
        port: u16,
        /// Path with its leading slash.
        path: String,
    },
    /// Somebody has to listen.
    Tcp {
        /// Port of the container.
        port: u16,
    },
    /// `grpc.health.v1.Health/Check` has to answer SERVING.
    Grpc {
        /// Port of the container.
        port: u16,
        /// The service that is asked for; empty for the server as a whole.
        service: String,
    },
}

/// What is known of a registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Registry {
    /// Where images of this registry are looked for first, in this order: `https://HOST[:PORT]` or
    /// `http://HOST[:PORT]`. The registry itself comes last.
    pub mirrors: Vec<String>,
    /// Whether the registry itself is spoken to without TLS.
    pub plain_http: bool,
    /// Certificates of authorities that it and its mirrors may be signed by, PEM, beside those of the node.
    pub authorities: Vec<String>,
    /// Who the node is there.
    pub login: Option<Login>,
    /// Which of its images may run.
    pub verify: Verification,
}

/// Who the node is at a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Login {
    /// User.
    pub user: String,
    /// Password or token.
    pub password: Secret,
}

/// Which images may run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Verification {
    /// All.
    #[default]
    None,
    /// Those that are named by digest.
    Digest,
    /// Those with a signature of one of these keys, in cosign's format.
    Signature {
        /// Public keys, PEM (SubjectPublicKeyInfo).
        keys: Vec<String>,
    },
}
