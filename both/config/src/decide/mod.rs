//! From a merged configuration to settings: fills in, resolves names, checks everything against everything.

mod addressing;
mod circles;
mod containers;
mod links;
mod machine;
mod network;
mod placed;
mod proxy;
mod services;

use corten_document::{Court, KeyPath, Problem};

use crate::settings::{Api, Certificate, Identity, Limits, Settings};
use crate::types::{Checked, Form};
use crate::written::{self, Configuration};

/// Port of the API. It is a node's own, and nobody else's.
const API_PORT: u16 = 7443;

/// Decides everything. What stands in the way goes to the court, and is left out or filled in with what does no harm.
pub(crate) fn decide(written: &Configuration, court: &mut Court<'_>) -> Settings {
    let nothing = Configuration::default();
    let authorities = written.certificates.clone().unwrap_or_default().authorities;
    let network = network::decide(&written.network.clone().unwrap_or_default(), court);
    let containers = containers::decide(written, network.proxy.clone(), court);
    Settings {
        identity: identity(written.identity.clone().unwrap_or_default()),
        network,
        api: api(written.api.clone().unwrap_or_default(), court),
        authorities: values(authorities.as_deref()),
        kernel: machine::kernel(&written.kernel.clone().unwrap_or_default(), court),
        storage: machine::storage(written.storage.as_ref().or(nothing.storage.as_ref()), court),
        firewall: services::firewall(&written.firewall.clone().unwrap_or_default(), court),
        logging: services::logging(&written.logging.clone().unwrap_or_default(), court),
        health: services::health(&written.health.clone().unwrap_or_default(), court),
        containers,
        metrics_port: services::metrics(written.metrics.as_ref(), court),
    }
}

/// The values of a list, none where nothing is written.
fn values<F: Form>(list: Option<&[Checked<F>]>) -> Vec<F::Value> {
    list.into_iter().flatten().map(|value| value.get().clone()).collect()
}

/// Complains about a key that is not there. One that is there and wrong was complained about when it was read.
fn demand<T>(value: Option<T>, key: &KeyPath, help: &str, court: &mut Court<'_>) -> Option<T> {
    if value.is_none() && court.origins.tree().at(key).is_none() {
        court.missing(key, help);
    }
    value
}

/// The key that is written of these, of which exactly one may be. Says so where there are several, and says this where
/// there is none.
fn one_of<'k>(
    keys: &[&'k str],
    key: &KeyPath,
    (nothing, help): (&str, &str),
    court: &mut Court<'_>,
) -> Option<&'k str> {
    let tree = court.origins.tree();
    let mut there = keys.iter().filter(|name| tree.at(&key.key(name)).is_some());
    let first = there.next().copied();
    match (first, there.next()) {
        (Some(first), Some(second)) => {
            let message = format!("`{first}` and `{second}` exclude each other");
            court.conflict(message, &key.key(second), ("the other is here", &key.key(first)));
        }
        (None, _) => {
            court.complain(&Problem::Conflict(nothing.to_owned()), key, Some(help.to_owned()));
        }
        (Some(_), None) => {}
    }
    first
}

/// Complains about more entries than there may be. Returns whether there are.
fn too_many(length: usize, most: usize, key: &KeyPath, court: &mut Court<'_>) -> bool {
    if length > most {
        let message = format!("`{key}` has {length} entries, and {most} are the most");
        court.complain(&Problem::Conflict(message), key, None);
    }
    length > most
}

fn identity(written: written::Identity) -> Identity {
    Identity {
        hostname: written.hostname.map(|name| name.get().clone()),
        labels: written::entries(written.labels.as_ref())
            .map(|(name, value)| (name.to_string(), value.get().clone()))
            .collect(),
    }
}

fn api(written: written::Api, court: &mut Court<'_>) -> Api {
    let top = KeyPath::of(&["api"]);
    let is_there = |key: &str, court: &Court<'_>| court.origins.tree().at(&top.key(key)).is_some();
    match (is_there("certificate", court), is_there("key", court)) {
        (true, false) => court.missing(&top.key("key"), "a certificate needs its private key"),
        (false, true) => {
            court.missing(&top.key("certificate"), "a private key is of use with its certificate alone");
        }
        (true, true) | (false, false) => {}
    }
    let limits = written.limits.unwrap_or_default();
    let usual = Limits::default();
    let connections = limits.connections.unwrap_or(usual.connections);
    let most = limits.connections_per_client.unwrap_or(usual.connections_per_client.min(connections));
    if most > connections {
        let message = format!("one client may have {most} connections, all together only {connections}");
        let limits = top.key("limits");
        let other = ("all together", &limits.key("connections"));
        court.conflict(message, &limits.key("connections-per-client"), other);
    }
    Api {
        trusted: values(written.trusted.as_deref()),
        certificate: match (written.certificate, written.key) {
            (Some(chain), Some(key)) => {
                Some(Certificate { chain: chain.get().clone(), key: key.get().clone() })
            }
            _ => None,
        },
        allowed: values(written.allowed.as_deref()),
        revoked: values(written.revoked.as_deref()),
        limits: Limits { connections, connections_per_client: most },
    }
}
