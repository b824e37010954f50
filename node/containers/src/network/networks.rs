//! The networks of all workloads, as the daemon holds them. Everything here waits for programs and the kernel, so it is
//! for a thread that may.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use corten_network::files::{read_json, write_json};
use corten_network::firewall::workloads::LINK_PREFIX;
use corten_network::netlink::{Netlink, observe};
use corten_network::plan::{Link, Observed};
use corten_sys::netns;
use ipnet::IpNet;

use super::counters::{self, Counters};
use super::error::NetworkError;
use super::ledger::{Ledger, Place, Stage};
use super::names::{link_of, veth_of};
use super::places::Places;
use super::plan::Surroundings;
use super::{LARGEST, files};

/// What a workload has once it joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Its network namespace; `None` for the node's own.
    pub namespace: Option<PathBuf>,
    /// Addresses that are its own.
    pub addresses: Vec<IpAddr>,
    /// Content of `/etc/resolv.conf`.
    pub resolv_conf: String,
    /// Content of `/etc/hosts`.
    pub hosts: String,
    /// Content of `/etc/hostname`, and the host name with a new line; `None` for the node's own.
    pub hostname: Option<String>,
}

impl Joined {
    /// The node's own network, which nobody has to join: its files as they are now.
    ///
    /// # Errors
    /// If one of them can't be read.
    pub fn of_node(places: &Places) -> Result<Self, NetworkError> {
        Ok(Self {
            namespace: None,
            addresses: Vec::new(),
            resolv_conf: text_of(&places.resolv_conf)?,
            hosts: text_of(&places.hosts)?,
            hostname: None,
        })
    }
}

/// Networks of workloads. One in the node's own has no place here.
#[derive(Debug)]
pub struct Networks {
    pub(super) places: Places,
    machine: String,
    pub(super) ledger: Ledger,
    /// The node's resolv.conf as it was last seen.
    pub(super) resolv_conf: String,
    /// Bridges whose subnets the node came to use itself. Nobody joins them before all have left.
    pub(super) moving: BTreeSet<String>,
}

impl Networks {
    /// Networks as they are remembered below `places`; `machine` tells this machine from others.
    ///
    /// # Errors
    /// If what is remembered can't be read. [`Networks::reset`] begins anew then.
    pub fn open(places: Places, machine: &str) -> Result<Self, NetworkError> {
        for folder in [places.namespaces(), places.netavark_files()] {
            fs::create_dir_all(&folder).map_err(|error| NetworkError::Io { path: folder, error })?;
        }
        let ledger = read_json(&places.ledger())?.unwrap_or_default();
        let resolv_conf = text_of(&places.resolv_conf)?;
        Ok(Self { places, machine: machine.to_owned(), ledger, resolv_conf, moving: BTreeSet::new() })
    }

    /// Finds out what is still there of what is remembered. Returns workloads that have to join again.
    ///
    /// # Errors
    /// If the kernel does not tell of links, or it can't be remembered.
    pub fn restore(&mut self) -> Result<Vec<String>, NetworkError> {
        let links = observed()?.links;
        let mut broken = Vec::new();
        for (name, member) in &mut self.ledger.members {
            let is_kept = netns::is_kept(&self.places.namespace(name));
            let is_whole = match &member.place {
                Place::Alone => is_kept,
                Place::Bridge { name: bridge, .. } => {
                    let is_on = |veth: &Link| veth.master.as_ref() == Some(&link_of(bridge));
                    is_kept && links.get(&veth_of(name)).is_some_and(is_on)
                }
            };
            if member.stage == Stage::Joined && !is_whole {
                member.stage = Stage::Begun;
            }
            if member.stage == Stage::Begun {
                broken.push(name.clone());
            }
        }
        self.save()?;
        Ok(broken)
    }

    /// Workloads of which something is there.
    pub fn joined(&self) -> Vec<&str> {
        let members = self.ledger.members.iter();
        members.filter(|(_, member)| member.stage != Stage::Reserved).map(|(name, _)| name.as_str()).collect()
    }

    /// Namespaces that no workload has. [`Networks::leave`] removes them.
    ///
    /// # Errors
    /// If their folder can't be read.
    pub fn orphans(&self) -> Result<Vec<String>, NetworkError> {
        let folder = self.places.namespaces();
        let io = |error| NetworkError::Io { path: folder.clone(), error };
        let mut orphans = Vec::new();
        for entry in fs::read_dir(&folder).map_err(io)? {
            // What is not UTF-8 was not put there by a workload of a configuration.
            let Ok(name) = entry.map_err(io)?.file_name().into_string() else { continue };
            if self.ledger.members.get(&name).is_none_or(|member| member.stage == Stage::Reserved) {
                orphans.push(name);
            }
        }
        orphans.sort();
        Ok(orphans)
    }

    /// What a workload has, with the node's files as they are now. `None` if it has not joined.
    ///
    /// # Errors
    /// If a file of the node can't be read.
    pub fn look_up(&self, workload: &str) -> Result<Option<Joined>, NetworkError> {
        let Some(member) = self.ledger.members.get(workload).filter(|member| member.stage == Stage::Joined)
        else {
            return Ok(None);
        };
        let resolv_conf = text_of(&self.places.resolv_conf)?;
        let hosts = text_of(&self.places.hosts)?;
        let addresses = self.ledger.addresses(workload);
        let servers = self.ledger.bridge_of(workload).map(|(_, bridge, _)| bridge.gateways());
        Ok(Some(Joined {
            namespace: Some(self.places.namespace(workload)),
            resolv_conf: servers
                .map(|servers| files::resolv_conf(&servers, &resolv_conf))
                .unwrap_or_default(),
            hosts: files::hosts(workload, &member.aliases, &addresses, &hosts),
            hostname: Some(files::hostname(workload)),
            addresses,
        }))
    }

    /// What went through the cables of workloads on bridges.
    ///
    /// # Errors
    /// If the kernel's table can't be read.
    pub fn counters(&self) -> Result<BTreeMap<String, Counters>, NetworkError> {
        let table = counters::table()?;
        let of = |name: &str| Some((name.to_owned(), *table.get(&veth_of(name))?));
        Ok(self.ledger.on_bridges().filter_map(of).collect())
    }

    /// What the node uses itself.
    pub(super) fn surroundings(&self) -> Result<Surroundings, NetworkError> {
        let observed = observed()?;
        let is_ours = |link: &str| link.starts_with(LINK_PREFIX);
        let addresses = observed.addresses.iter().filter(|one| !is_ours(&one.link)).map(|one| one.net);
        let routes = observed.routes.iter().filter(|one| !is_ours(&one.link)).map(|one| one.to);
        let used: BTreeSet<IpNet> = addresses.chain(routes).collect();
        Ok(Surroundings { machine: self.machine.clone(), used: used.into_iter().collect() })
    }

    pub(super) fn save(&self) -> Result<(), NetworkError> {
        Ok(write_json(&self.places.ledger(), &self.ledger)?)
    }

    pub(super) fn set_stage(&mut self, workload: &str, stage: Stage) -> Result<(), NetworkError> {
        if let Some(member) = self.ledger.members.get_mut(workload) {
            member.stage = stage;
        }
        self.save()
    }
}

/// What the kernel has.
pub(super) fn observed() -> Result<Observed, NetworkError> {
    Ok(observe(&mut Netlink::open()?, &BTreeSet::new())?)
}

/// A text file of the node; empty where there is none yet.
pub(super) fn text_of(path: &Path) -> Result<String, NetworkError> {
    use std::io::Read as _;
    let io = |error| NetworkError::Io { path: path.to_owned(), error };
    let mut bytes = Vec::new();
    match fs::File::open(path) {
        Ok(file) => file.take(LARGEST).read_to_end(&mut bytes).map_err(io)?,
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(io(error)),
    };
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
