//! What a connection is judged by, as the configuration in force has it.

use std::net::IpAddr;
use std::sync::Arc;

use corten_api::identity::{Fingerprint, Identity};
use corten_api::tls::{TlsError, Trust};
use corten_config::settings::{Api, Limits};
use ipnet::IpNet;
use rustls::ServerConfig;

use super::Posture;
use crate::certificate::fingerprint;

/// Connections of those whom a node in maintenance can't know.
const OF_STRANGERS: Limits = Limits { connections: 32, connections_per_client: 8 };

/// The door of the node.
#[derive(Clone, Debug)]
pub struct Door {
    /// The node's side of TLS.
    pub tls: Arc<ServerConfig>,
    /// SHA-256 of the certificate that it shows.
    pub fingerprint: Option<Fingerprint>,
    /// Whether the node knows its clients.
    pub posture: Posture,
    /// Networks that clients may come from; empty for any.
    pub allowed: Vec<IpNet>,
    /// How many of them.
    pub limits: Limits,
    /// Grows when others than before are let in, or the node shows another certificate.
    pub epoch: u64,
}

impl Door {
    /// The door for these settings.
    pub fn new(identity: &Identity, api: &Api, posture: Posture, epoch: u64) -> Result<Self, TlsError> {
        let trust = match posture {
            Posture::Maintenance => Trust::Maintenance,
            Posture::Configured => Trust::Clients {
                authorities: api.trusted.clone(),
                revoked: api.revoked.iter().filter_map(|text| text.parse().ok()).collect(),
            },
        };
        Ok(Self {
            tls: corten_api::tls::server(identity, &trust)?,
            fingerprint: fingerprint(identity),
            posture,
            allowed: api.allowed.clone(),
            limits: if posture == Posture::Maintenance { OF_STRANGERS } else { api.limits },
            epoch,
        })
    }

    /// Whether somebody may come from there.
    pub fn admits(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.allowed.is_empty() || self.allowed.iter().any(|network| network.contains(&client))
    }
}
