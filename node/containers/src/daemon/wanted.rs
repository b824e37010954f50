//! From the agent's order to what the fleet is told: each workload with what tells one form of it from another.

use std::collections::BTreeMap;

use corten_config::settings::{Container, Containers, Mount, Secret, Variable, Workload};
use serde::Serialize;

use crate::fleet::{Fingerprint, Wanted};

/// What a container is made of beside its own settings.
#[derive(Serialize)]
struct Form<'a> {
    container: &'a Container,
    system: &'a Option<String>,
    containerd: bool,
    runtime: &'a Option<String>,
    secrets: BTreeMap<&'a String, Option<&'a Secret>>,
}

#[derive(Serialize)]
struct Shared<'a> {
    network: &'a corten_config::settings::WorkloadNetwork,
    ports: &'a Vec<corten_config::settings::PublishedPort>,
    aliases: &'a Vec<String>,
}

/// 128 bits are enough to tell two forms of one container apart, and secrets can't be found out from them.
fn fingerprint(value: &impl Serialize) -> Fingerprint {
    let text = serde_json::to_vec(value).unwrap_or_default();
    corten_oci::digest::Digest::of(&text).hex().chars().take(32).collect()
}

/// Names of the secrets that a container is given.
fn secrets(container: &Container) -> impl Iterator<Item = &String> {
    let variables = container.environment.values().filter_map(|variable| match variable {
        Variable::Secret { name } => Some(name),
        Variable::Text { .. } => None,
    });
    let mounts = container.mounts.values().filter_map(|mount| match mount {
        Mount::Secret { name } => Some(name),
        _ => None,
    });
    variables.chain(mounts)
}

/// What the fleet is told.
pub(super) fn wanted(containers: &Containers) -> BTreeMap<String, Wanted> {
    let one = |workload: &Workload| {
        let form = |container: &Container| {
            fingerprint(&Form {
                container,
                system: &workload.system,
                containerd: workload.containerd,
                runtime: &workload.runtime,
                secrets: secrets(container).map(|name| (name, containers.secrets.get(name))).collect(),
            })
        };
        let shared =
            Shared { network: &workload.network, ports: &workload.ports, aliases: &workload.aliases };
        Wanted {
            shared: fingerprint(&shared),
            containers: workload
                .containers
                .iter()
                .map(|(name, container)| (name.clone(), form(container)))
                .collect(),
            workload: workload.clone(),
        }
    };
    containers.workloads.iter().map(|(name, workload)| (name.clone(), one(workload))).collect()
}
