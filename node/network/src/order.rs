//! What the agent wants of the network: one file, replaced as a whole, so that it is either the old order or the new
//! one and never a mixture.

use std::net::IpAddr;
use std::path::Path;

use corten_config::settings::{Firewall, Network, Transport};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

/// Where the agent puts what it wants of others.
pub const SETTINGS_FOLDER: &str = "/run/corten/settings";

/// Where the order lies below the root directory.
pub const ORDER_PATH: &str = "/run/corten/settings/network.json";

/// What the network shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Order {
    /// Grows with each order; the state names the one that it is about. 0 is no order at all.
    pub generation: u64,
    /// The node's name: it goes to DHCP servers and into the hosts file. `None` for none of its own.
    pub hostname: Option<String>,
    /// Links, addresses, names.
    pub network: Network,
    /// What is let in beside the API.
    pub firewall: Firewall,
    /// TCP ports of the API.
    pub api_ports: Vec<u16>,
    /// Who may reach the API's ports; empty for anybody.
    pub api_allowed: Vec<IpNet>,
    /// Ports that workloads with the node's own network publish. Those of other workloads are translated before the
    /// firewall sees them.
    pub workload_ports: Vec<WorkloadPort>,
}

/// A port of the node that a workload answers on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WorkloadPort {
    /// Address of the node; `None` for all.
    pub address: Option<IpAddr>,
    /// Its number.
    pub port: u16,
    /// Protocol.
    pub protocol: Transport,
}

impl Order {
    /// Reads the order below `root`. `None` if there is none yet.
    ///
    /// # Errors
    /// If the file can't be read, is too large or is not an order.
    pub fn read(root: &Path) -> Result<Option<Self>, FileError> {
        files::read_json(&files::below(root, ORDER_PATH))
    }

    /// Replaces the order below `root`, making its directory if there is none.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&self, root: &Path) -> Result<(), FileError> {
        files::write_json(&files::below(root, ORDER_PATH), self)
    }
}
