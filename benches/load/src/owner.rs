//! The owner of a scratch node: an authority, and certificates of it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use corten_api::identity::{Authority, Identity, IssueError, Name};
use corten_api::role::Role;
use corten_api::tls::{ServerCheck, TlsError, client};
use rustls::ClientConfig;

use crate::target::Fault;

/// Days that its certificates are valid.
const DAYS: u32 = 2;

/// Seconds: ten days.
const LONG_AGO: i64 = 10 * 24 * 60 * 60;

/// An owner.
#[derive(Debug)]
pub struct Owner(Authority);

impl Owner {
    /// One with a new authority.
    pub fn new() -> Result<Self, IssueError> {
        Ok(Self(Authority::generate(&name("owner"), now(), DAYS + 1)?))
    }

    /// The certificate of its authority, PEM.
    pub fn authority(&self) -> &str {
        &self.0.identity().chain
    }

    /// A client with a role.
    pub fn client(&self, role: Role) -> Result<Identity, IssueError> {
        self.0.client(&name(role.name()), role, now(), DAYS)
    }

    /// A client with a role whose certificate ended long ago.
    pub fn expired_client(&self, role: Role) -> Result<Identity, IssueError> {
        self.0.client(&name(role.name()), role, now() - LONG_AGO, 1)
    }

    /// A node.
    pub fn node(&self) -> Result<Identity, IssueError> {
        self.0.node(&name("node-1"), &[], now(), DAYS)
    }

    /// How a client with this certificate, or none, shakes hands. Whose node it is, is looked at as anywhere.
    pub fn tls(&self, identity: Option<&Identity>) -> Result<Arc<ClientConfig>, TlsError> {
        client(identity, &ServerCheck::Authority(self.authority().into()))
    }

    /// The same for a new client with a role.
    pub fn tls_as(&self, role: Role) -> Result<Arc<ClientConfig>, Fault> {
        Ok(self.tls(Some(&self.client(role)?))?)
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("it is short and printable")
}

/// Seconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs().cast_signed())
}
