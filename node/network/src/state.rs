//! What the network is, as far as `corten-network` made it: what the agent shows and what a restart of this program
//! begins with.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::files::{self, FileError};

/// Where the state lies below the root directory.
pub const STATE_PATH: &str = "/run/corten/network/state.json";

/// What came of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct State {
    /// Generation of the order that this is about; 0 before the first one.
    pub generation: u64,
    /// Links by the kernel's names: those of the configuration and no others.
    pub links: BTreeMap<String, LinkState>,
    /// Name servers in use.
    pub dns: Vec<IpAddr>,
    /// Search domains in use.
    pub search: Vec<String>,
    /// NTP servers in use, names or addresses.
    pub ntp: Vec<String>,
    /// Name that a DHCP server offers to the node.
    pub hostname: Option<String>,
    /// How far the firewall is.
    pub firewall: FirewallState,
    /// What is not as ordered and belongs to no link that exists.
    pub problems: Vec<String>,
}

/// One link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct LinkState {
    /// Its name in the configuration.
    pub configured_as: Option<String>,
    /// Addresses that it has, but for those that every link has by itself (`fe80::`).
    pub addresses: Vec<AddressState>,
    /// What the DHCPv4 client is doing (`selecting`, `bound` and so on); `None` where there is none.
    pub dhcp4: Option<String>,
    /// What the DHCPv6 client is doing; `None` where there is none.
    pub dhcp6: Option<String>,
    /// What is not as ordered, and why.
    pub problem: Option<String>,
}

/// One address of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AddressState {
    /// With the length of its prefix.
    pub address: IpNet,
    /// Where it is from.
    pub source: Source,
    /// Milliseconds of the monotonic clock at which it ends; `None` for an address without end, or whose end only the
    /// kernel knows.
    pub valid_until_ms: Option<u64>,
}

/// Where an address is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The configuration.
    Static,
    /// A DHCPv4 server.
    Dhcp4,
    /// A DHCPv6 server.
    Dhcp6,
    /// Made by the kernel from what routers advertise.
    Slaac,
}

/// How far the firewall is. Links are not brought up before there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state", content = "problem")]
pub enum FirewallState {
    /// There is none, and so no link is brought up; the text says why, and is empty before the first attempt.
    Absent(String),
    /// Everything is closed; there was no order yet.
    Closed,
    /// As ordered.
    Applied,
    /// The one before is still in force, since the ordered one was refused with this text.
    Refused(String),
    /// Placeholder of a state that was never written.
    #[default]
    Unknown,
}

impl State {
    /// Reads the state below `root`. `None` if none was written yet.
    ///
    /// # Errors
    /// If the file can't be read, is too large or is not a state.
    pub fn read(root: &Path) -> Result<Option<Self>, FileError> {
        files::read_json(&files::below(root, STATE_PATH))
    }

    /// Replaces the state below `root` if it differs from what is there.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write(&self, root: &Path) -> Result<(), FileError> {
        files::write_json(&files::below(root, STATE_PATH), self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The agent reads this, in another version of itself too: a change of it is a change of an interface.
    #[test]
    fn its_form_is_an_interface() {
        let address = AddressState {
            address: "192.0.2.4/24".parse().expect("an address"),
            source: Source::Dhcp4,
            valid_until_ms: Some(5),
        };
        let link = LinkState {
            configured_as: Some("lan".into()),
            addresses: vec![address],
            dhcp4: Some("bound".into()),
            ..LinkState::default()
        };
        let state = State {
            generation: 3,
            links: BTreeMap::from([("eth0".to_owned(), link)]),
            firewall: FirewallState::Refused("why".into()),
            ..State::default()
        };
        insta::assert_snapshot!(serde_json::to_string(&state).expect("JSON"), @r#"{"generation":3,"links":{"eth0":{"configured-as":"lan","addresses":[{"address":"192.0.2.4/24","source":"dhcp4","valid-until-ms":5}],"dhcp4":"bound","dhcp6":null,"problem":null}},"dns":[],"search":[],"ntp":[],"hostname":null,"firewall":{"state":"refused","problem":"why"},"problems":[]}"#);
    }
}
