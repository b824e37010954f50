//! The network: an order for its service, and what that says came of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use corten_config::settings::{LinkKind, WorkloadNetwork};
use corten_config::{Merged, Problem, Settings};
use corten_network::{FirewallState, Order, STATE_PATH, State, WorkloadPort};
use tokio::sync::watch;

use super::files::{Identity, identity};
use super::inputs::Wanted;
use super::keep::{Reconcile, problem};
use crate::configuration::{Engine, InForce};
use crate::root::Root;

/// How often the state is looked at.
const PAUSE: Duration = Duration::from_secs(1);
/// Under which name the problems of the state stand.
const STATE: &str = "network-state";

/// Keeps the order what the settings say.
pub struct Network {
    root: Root,
    api_port: u16,
}

impl Network {
    /// Keeps the order below a root; the API listens on this TCP port.
    pub fn new(root: Root, api_port: u16) -> Self {
        Self { root, api_port }
    }
}

/// The order that follows from settings, after another one. Numbers grow with orders and not with configurations: a
/// trial that went back is another order.
fn order(settings: &Settings, api_port: u16, before: Option<&Order>, known: u64) -> Order {
    let mut api_ports = vec![api_port];
    api_ports.extend(settings.metrics_port.filter(|port| *port != api_port));
    let order = Order {
        generation: before.map_or(0, |before| before.generation),
        hostname: settings.identity.hostname.clone(),
        network: settings.network.clone(),
        firewall: settings.firewall.clone(),
        api_ports,
        api_allowed: settings.api.allowed.clone(),
        workload_ports: workload_ports(settings),
    };
    if before == Some(&order) {
        return order;
    }
    let generation = order.generation.max(known) + 1;
    Order { generation, ..order }
}

/// Ports that workloads with the node's own network publish, in the order of their numbers.
fn workload_ports(settings: &Settings) -> Vec<WorkloadPort> {
    let workloads = settings.containers.workloads.values();
    let ports: BTreeSet<WorkloadPort> = workloads
        .filter(|workload| workload.network == WorkloadNetwork::Host)
        .flat_map(|workload| &workload.ports)
        .map(|port| WorkloadPort { address: port.address, port: port.node_port, protocol: port.protocol })
        .collect();
    ports.into_iter().collect()
}

impl Reconcile for Network {
    const NAME: &'static str = "network";

    async fn reconcile(&mut self, wanted: &Wanted) -> Vec<Problem> {
        let root = self.root.folder();
        // One that can't be read is replaced; numbers go on after what the service knows.
        let before = Order::read(root).unwrap_or_default();
        let known = State::read(root).ok().flatten().map_or(0, |state| state.generation);
        let order = order(&wanted.settings, self.api_port, before.as_ref(), known);
        if before.as_ref() == Some(&order) {
            return Vec::new();
        }
        let failed = |error: corten_network::files::FileError| problem("network", error.to_string());
        order.write(root).err().map(failed).into_iter().collect()
    }
}

/// Follows the state that the service writes, and says what is wrong by it.
pub fn watch_state(root: Root, engine: Engine) -> watch::Receiver<Arc<State>> {
    let (sender, receiver) = watch::channel(Arc::new(State::default()));
    tokio::spawn(async move {
        let mut in_force = engine.in_force();
        let mut before: Identity = None;
        let mut unread = Vec::new();
        loop {
            let now = identity(&root.path(STATE_PATH));
            if now != before {
                unread.clear();
                match State::read(root.folder()) {
                    Ok(state) => {
                        before = now;
                        sender.send_replace(Arc::new(state.unwrap_or_default()));
                    }
                    Err(error) => unread.push(problem("network", error.to_string())),
                }
            }
            let mut problems = unread.clone();
            let in_force = in_force.borrow_and_update().clone();
            problems.extend(wrong(&sender.borrow(), &in_force));
            engine.note(STATE, problems);
            tokio::time::sleep(PAUSE).await;
        }
    });
    receiver
}

/// What is not as ordered, at the places where it was ordered.
fn wrong(state: &State, in_force: &InForce) -> Vec<Problem> {
    let merged = in_force.merged.as_deref();
    let mut problems: Vec<_> = state.problems.iter().map(|what| problem("network", what.clone())).collect();
    for (name, link) in &state.links {
        let Some(what) = &link.problem else { continue };
        let message = format!("link {name}: {what}");
        problems.push(match &link.configured_as {
            Some(configured) => at(merged, &["network", table(in_force, configured), configured], message),
            None => problem("network", message),
        });
    }
    match &state.firewall {
        FirewallState::Absent(why) if !why.is_empty() => {
            let message = format!("there is no firewall, and so no link is up: {why}");
            problems.push(problem("firewall", message));
        }
        FirewallState::Refused(why) => {
            let message = format!("the firewall before is still in force: {why}");
            problems.push(at(merged, &["firewall", "allow"], message));
        }
        _ => {}
    }
    problems
}

/// The table that a link is written in.
fn table(in_force: &InForce, name: &str) -> &'static str {
    match in_force.settings.network.links.get(name).map(|link| &link.kind) {
        Some(LinkKind::Vlan { .. }) => "vlans",
        Some(LinkKind::Bond { .. }) => "bonds",
        Some(LinkKind::Bridge { .. }) => "bridges",
        Some(LinkKind::Physical(_)) | None => "links",
    }
}

fn at(merged: Option<&Merged>, key: &[&str], message: String) -> Problem {
    match merged {
        Some(merged) => merged.problem(key, message),
        None => problem(&key.join("."), message),
    }
}

#[cfg(test)]
mod tests;
