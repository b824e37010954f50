//! From a merged configuration to settings: fills in, resolves names, checks everything against everything.

mod addressing;
mod links;
mod machine;
mod network;
mod services;

use corten_document::{Court, KeyPath};

use crate::settings::{Api, Certificate, Identity, Limits, Settings};
use crate::types::{Checked, Form};
use crate::written::{self, Configuration};

/// Port of the API. It is a node's own, and nobody else's.
const API_PORT: u16 = 7443;

/// Decides everything. What stands in the way goes to the court, and is left out or filled in with what does no harm.
pub(crate) fn decide(written: &Configuration, court: &mut Court<'_>) -> Settings {
    let nothing = Configuration::default();
    let authorities = written.certificates.clone().unwrap_or_default().authorities;
    Settings {
        identity: identity(written.identity.clone().unwrap_or_default()),
        network: network::decide(&written.network.clone().unwrap_or_default(), court),
        api: api(written.api.clone().unwrap_or_default(), court),
        authorities: values(authorities.as_deref()),
        kernel: machine::kernel(&written.kernel.clone().unwrap_or_default(), court),
        storage: machine::storage(written.storage.as_ref().or(nothing.storage.as_ref()), court),
        firewall: services::firewall(&written.firewall.clone().unwrap_or_default(), court),
        logging: services::logging(&written.logging.clone().unwrap_or_default(), court),
        health: services::health(&written.health.clone().unwrap_or_default(), court),
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
