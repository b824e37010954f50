//! Workloads, and what they are to each other.

use std::collections::{BTreeMap, BTreeSet};

use corten_document::{Court, KeyPath, Node, Problem};

use super::super::circles::find_circles;
use super::super::placed::text_keys;
use super::super::{demand, too_many, values};
use super::{Known, container, network, ports};
use crate::settings::Workload;
use crate::types::{ADMIN, Label};
use crate::written::{self, Configuration, entries};

/// Most workloads: far above what a machine runs. The checks walk from one to the next.
const WORKLOADS: usize = 256;

/// Most containers of a workload, most ports, and most other names and workloads that it names.
const CONTAINERS: usize = 16;
const PORTS: usize = 64;
const NAMES: usize = 64;

pub(super) fn decide(
    written: &Configuration,
    known: &Known<'_>,
    court: &mut Court<'_>,
) -> BTreeMap<String, Workload> {
    let top = KeyPath::of(&["workloads"]);
    if too_many(written.workloads.as_ref().map_or(0, BTreeMap::len), WORKLOADS, &top, court) {
        return BTreeMap::new();
    }
    let all: BTreeMap<&str, &written::Workload> =
        entries(written.workloads.as_ref()).map(|(name, workload)| (name.get().as_str(), workload)).collect();
    let workloads: BTreeMap<String, Workload> = all
        .iter()
        .map(|(name, workload)| ((*name).to_owned(), decide_one(name, workload, known, court)))
        .collect();
    order(&all, court);
    network::check(&workloads, court);
    ports::check(&workloads, written.metrics.as_ref().and_then(|metrics| metrics.port), court);
    workloads
}

fn decide_one(name: &str, written: &written::Workload, known: &Known<'_>, court: &mut Court<'_>) -> Workload {
    let key = KeyPath::of(&["workloads", name]);
    if written.containers.as_ref().is_some_and(BTreeMap::is_empty) || written.containers.is_none() {
        no_container(name, &key, court);
    }
    let aliases = values(written.aliases.as_deref());
    let after = values(written.after.as_deref());
    let ports = values(written.ports.as_deref());
    for (list, length, most) in [
        ("containers", written.containers.as_ref().map_or(0, BTreeMap::len), CONTAINERS),
        ("ports", ports.len(), PORTS),
        ("aliases", aliases.len(), NAMES),
        ("after", after.len(), NAMES),
    ] {
        too_many(length, most, &key.key(list), court);
    }
    let containerd = written.containerd.unwrap_or(false);
    if containerd && written.system.is_none_or(|role| role.0.0 != ADMIN) {
        let message = "containerd's socket makes a workload root of the node".to_owned();
        let help = format!("write `system = \"{ADMIN}\"` as well");
        court.complain(&Problem::Conflict(message), &key.key("containerd"), Some(help));
    }
    let network = written.network.as_ref().map_or_else(network::usual, |network| network.get().clone());
    Workload {
        containers: entries(written.containers.as_ref())
            .map(|(name, container)| {
                let name = name.get();
                (name.clone(), container::decide(container, &key, name, known, court))
            })
            .collect(),
        network,
        ports,
        aliases,
        after,
        schedule: written.schedule.as_ref().map(|schedule| schedule.get().as_str().to_owned()),
        essential: written.essential.unwrap_or(false),
        system: written.system.map(|role| role.0.0.to_owned()),
        containerd,
        runtime: written.runtime.as_ref().map(ToString::to_string),
        stop_seconds: written.stop_seconds.unwrap_or(Workload::STOP_SECONDS),
    }
}

/// A container with a wrong name is one all the same: that was said already.
fn no_container(name: &str, key: &KeyPath, court: &mut Court<'_>) {
    let help = format!("write `[workloads.{name}.containers.{name}]` with its `image`");
    let containers = key.key("containers");
    let there = court.origins.tree().at(&containers).and_then(Node::entries);
    if there.is_some_and(BTreeMap::is_empty) {
        let message = format!("the workload `{name}` has no container");
        court.complain(&Problem::Conflict(message), &containers, Some(help));
    } else {
        demand(None::<()>, &containers, &help, court);
    }
}

/// What waits for others waits for what is there, ends its waiting, and does not wait for itself.
fn order(all: &BTreeMap<&str, &written::Workload>, court: &mut Court<'_>) {
    let top = KeyPath::of(&["workloads"]);
    let tree = court.origins.tree();
    let there: BTreeSet<&str> =
        tree.at(&top).and_then(Node::entries).into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, workload) in all {
        let key = top.key(name).key("after");
        let keys = text_keys::<Label>(&key, court);
        for (item, other) in keys.iter().zip(workload.after.iter().flatten()) {
            let other = other.get().as_str();
            if !there.contains(other) {
                court.unresolved(item, other, there.iter().copied().filter(|known| known != name));
                continue;
            }
            let Some((other, _)) = all.get_key_value(other) else { continue };
            graph.entry(name).or_default().push(other);
            let schedule = top.key(other).key("schedule");
            if tree.at(&schedule).is_some() && name != other {
                let message = format!("`{other}` runs by its schedule, and `{name}` can't wait for it");
                court.conflict(message, item, ("the schedule is here", &schedule));
            }
        }
    }
    for circle in find_circles(&graph) {
        let shown: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("workloads wait for each other in a circle: {}", shown.join(" after "));
        let key = circle.first().map_or_else(|| top.clone(), |name| top.key(name).key("after"));
        court.complain(&Problem::Conflict(message), &key, None);
    }
}
