//! Settings: a configuration in which everything is checked and decided. Pure data, one type a concern, so that each
//! part of a node is given its own and no more.

mod api;
mod firewall;
mod health;
mod identity;
mod kernel;
mod logging;
mod network;
mod proxy;
mod storage;
mod workloads;

pub use api::{Api, Certificate, Limits};
pub use firewall::{Allow, Firewall, PortRange, Transport};
pub use health::{Probe, Target};
pub use identity::Identity;
pub use kernel::Kernel;
pub use logging::{LogFormat, LogTarget, LogTransport};
pub use network::{Addressing, BondMode, Link, LinkKind, Match, Network, Route};
pub use proxy::{Proxy, WebScheme};
use serde::{Deserialize, Serialize};
pub use storage::{Disk, DiskMatch, FileSystem};
pub use workloads::{
    Check, CheckKind, Container, ContainerResources, Containers, DiskPressure, Interactive, Login, Mount,
    PublishedPort, Registry, RestartPolicy, Secret, Variable, Verification, Workload, WorkloadNetwork,
};

/// All settings of a machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Who the machine is.
    pub identity: Identity,
    /// Links, addresses, names, time.
    pub network: Network,
    /// Who may use the API.
    pub api: Api,
    /// Certificates of authorities, PEM, that programs of the node trust beside those of the image.
    pub authorities: Vec<String>,
    /// Kernel settings and modules.
    pub kernel: Kernel,
    /// Disks beside the node's own, by name.
    pub storage: std::collections::BTreeMap<String, Disk>,
    /// What is let in beside the API.
    pub firewall: Firewall,
    /// Where log lines are sent to, by name.
    pub logging: std::collections::BTreeMap<String, LogTarget>,
    /// What has to be well for the node to be healthy, by name.
    pub health: std::collections::BTreeMap<String, Probe>,
    /// Containers that are kept running.
    pub containers: Containers,
    /// TCP port on which metrics are served over TLS to those who may read; `None` for the API alone.
    pub metrics_port: Option<u16>,
}
