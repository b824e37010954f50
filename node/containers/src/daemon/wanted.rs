//! From the agent's order to what the fleet is told: each workload with what tells one form of it from another.

use std::collections::BTreeMap;

use corten_config::settings::{Container, Containers, Mount, Secret, Variable, Workload};
use corten_control::ContainersOrder;
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
            form: fingerprint(workload),
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

/// Whether images are fetched in another way than before: what could not be had may be had now.
pub(super) fn fetches_otherwise(before: &ContainersOrder, after: &ContainersOrder) -> bool {
    let (of_before, of_after) = (&before.containers, &after.containers);
    of_before.registries != of_after.registries
        || of_before.proxy != of_after.proxy
        || before.authorities != after.authorities
}

#[cfg(test)]
mod tests {
    use corten_config::settings::{Login, Registry};

    use super::*;

    #[test]
    fn another_password_is_another_way_to_fetch_and_another_workload_is_none() {
        let order = |password: &str| {
            let login = Login { user: "node".into(), password: Secret(password.into()) };
            let mut order = ContainersOrder::default();
            let registry = Registry { login: Some(login), ..Registry::default() };
            order.containers.registries.insert("registry.test".into(), registry);
            order
        };
        let mut other = order("secret");
        other.containers.secrets.insert("word".into(), Secret("word".into()));
        assert!(!fetches_otherwise(&order("secret"), &other));
        assert!(fetches_otherwise(&order("secret"), &order("other")));
        other.authorities.push("certificate".into());
        assert!(fetches_otherwise(&order("secret"), &other));
    }
}
