//! What reconcilers go by: the settings in force and what DHCP offers.

use std::sync::Arc;

use corten_config::Settings;
use corten_network::State;
use tokio::sync::watch;

use crate::configuration::InForce;

/// Watches both.
pub struct Inputs {
    in_force: watch::Receiver<Arc<InForce>>,
    network: watch::Receiver<Arc<State>>,
}

/// What the node is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The settings in force.
    pub settings: Arc<Settings>,
    /// The name that a DHCP server offers.
    pub offered_name: Option<String>,
    /// The time servers that are in use by the network's account.
    pub offered_ntp: Vec<String>,
}

impl Wanted {
    /// Whether there is nothing new in the other one.
    fn is_same(&self, other: &Self) -> bool {
        // What is in force is published anew with every problem; its settings are replaced only when they are new.
        Arc::ptr_eq(&self.settings, &other.settings)
            && self.offered_name == other.offered_name
            && self.offered_ntp == other.offered_ntp
    }
}

impl Inputs {
    /// Watches these.
    pub fn new(in_force: watch::Receiver<Arc<InForce>>, network: watch::Receiver<Arc<State>>) -> Self {
        Self { in_force, network }
    }

    /// What is wanted now.
    pub fn now(&mut self) -> Wanted {
        let network = self.network.borrow_and_update().clone();
        Wanted {
            settings: self.in_force.borrow_and_update().settings.clone(),
            offered_name: network.hostname.clone(),
            offered_ntp: network.ntp.clone(),
        }
    }

    /// Waits until something else is wanted. `None` once nobody says any more what is.
    pub async fn changed(&mut self, before: &Wanted) -> Option<()> {
        loop {
            if !self.now().is_same(before) {
                return Some(());
            }
            tokio::select! {
                changed = self.in_force.changed() => changed.ok()?,
                changed = self.network.changed() => changed.ok()?,
            }
        }
    }
}
