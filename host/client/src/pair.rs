//! Pairing: giving a node that has no configuration its first one, and knowing it from then on.
//!
//! The node is recognised by nothing yet. What it shows is pinned on first use, and the proof that goes with the
//! configuration is good for that certificate alone, so that somebody in between gains nothing they could use; see
//! `corten_api::pairing`. Who wants the configuration to stay unseen as well compares the fingerprint with the console
//! before, and gives it.

use std::path::PathBuf;
use std::time::Duration;

use corten_api::identity::Fingerprint;
use corten_api::pairing::Code;
use corten_api::tls::{ServerCheck, TlsError};
use corten_api::v1;
use tokio::time::{Instant, sleep};

use crate::config::apply_paired;
use crate::connection::{Connection, FileError, NodeError, authority_of, client_of};
use crate::contexts::{Address, Credentials, Node, Trust};
use crate::lets_in::{api_of, lets_in};
use crate::{ask, view};

/// How long a node may take to answer under its new configuration.
const SETTLES: Duration = Duration::from_secs(30);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// A node that was seen for the first time.
#[derive(Debug)]
pub struct Met {
    connection: Connection,
    address: Address,
    /// What it says of itself.
    pub info: view::Info,
}

/// How a node is recognised once it has its configuration, and who one is there then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Future {
    /// Certificate of the authority that signs for the node, if there is one.
    pub authority: Option<PathBuf>,
    /// Files that say who one is.
    pub credentials: Option<Credentials>,
}

/// A document that is not worth the code that it would use up.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// An own file can't be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// It names no authority.
    #[error("{0}: nobody could be let in: put the output of `corten keys node` into it")]
    NobodyTrusted(String),
    /// It names others' authorities.
    #[error("{document}: you could not be let in: api.trusted does not go with your certificate: {source}")]
    NotLetIn {
        /// Name of the document.
        document: String,
        /// Why.
        source: TlsError,
    },
    /// It gives the node another certificate than the one that would be pinned.
    #[error(
        "{0} gives the node a certificate, so the one that it shows now says nothing afterwards: say who signed it and who you are there, with --keys or with --authority, --certificate and --key"
    )]
    OwnCertificate(String),
}

impl Future {
    /// Reads the files and looks whether they can be used: before anything is asked of a node.
    pub fn check(&self) -> Result<(), FileError> {
        self.credentials.as_ref().map(client_of).transpose()?;
        self.authority.as_deref().map(authority_of).transpose()?;
        Ok(())
    }

    /// Looks whether a node that is given this document lets this client in afterwards, and is recognised then. What
    /// makes no configuration by itself is left for the node to refuse.
    pub fn check_with(&self, document: &v1::Document) -> Result<(), Unready> {
        let Some(api) = api_of(document) else { return Ok(()) };
        let name = || document.name.clone();
        if api.trusted.is_empty() {
            return Err(Unready::NobodyTrusted(name()));
        }
        if api.certificate.is_some() && (self.authority.is_none() || self.credentials.is_none()) {
            return Err(Unready::OwnCertificate(name()));
        }
        match &self.credentials {
            Some(files) => lets_in(&api.trusted, &client_of(files)?)
                .map_err(|source| Unready::NotLetIn { document: name(), source }),
            None => Ok(()),
        }
    }
}

/// A node that has its configuration now.
#[derive(Clone, Debug)]
pub struct Paired {
    /// How it is reached from now on.
    pub node: Node,
    /// What it calls itself under its configuration, or did before where it could not be asked again.
    pub hostname: String,
}

/// Meets a node: whoever listens at the address, or only the one with this certificate.
pub async fn meet(address: &Address, expected: Option<Fingerprint>) -> Result<Met, NodeError> {
    let check = expected.map_or(ServerCheck::Unknown, ServerCheck::Pinned);
    let connection = Connection::dial(address, None, &check).await?;
    let info = ask::info(connection.clone()).await?;
    if info.mode() != view::Mode::Maintenance {
        return Err(NodeError::HasConfiguration { address: address.clone() });
    }
    Ok(Met { connection, address: address.clone(), info })
}

impl Met {
    /// SHA-256 of the certificate that it showed, as its console does.
    pub fn fingerprint(&self) -> Fingerprint {
        self.connection.fingerprint()
    }

    /// Gives it its configuration, and finds out how it is recognised from then on: still by the certificate that it
    /// showed, or, where the configuration gave it another, by the authority.
    pub async fn pair(
        self,
        document: v1::Document,
        code: &Code,
        future: Future,
    ) -> Result<Paired, NodeError> {
        apply_paired(&self.connection, document, code).await?;
        // Without a certificate there is nothing to try: the node lets nobody in any more who has none.
        let credentials = future.credentials.clone();
        let node = |trust| Node {
            address: self.address.clone(),
            trust,
            credentials: credentials.clone(),
            note: None,
        };
        let pinned = node(Trust::Fingerprint(self.fingerprint()));
        if future.credentials.is_none() {
            let node = future.authority.map_or(pinned, |path| node(Trust::Authority(path)));
            return Ok(Paired { node, hostname: self.info.hostname().to_owned() });
        }
        let signed = future.authority.clone().map(|path| node(Trust::Authority(path)));
        let end = Instant::now() + SETTLES;
        let mut was_hopeless = false;
        loop {
            let mut errors = Vec::new();
            for node in signed.iter().chain([&pinned]) {
                match answers(node).await {
                    Ok(hostname) => return Ok(Paired { node: node.clone(), hostname }),
                    Err(error) => errors.push(error),
                }
            }
            // Twice, for the node may change its certificate between two attempts.
            let is_hopeless = !errors.iter().any(NodeError::may_pass);
            if (is_hopeless && was_hopeless) || Instant::now() >= end {
                return Err(NodeError::Unsettled { why: telling(&errors) });
            }
            was_hopeless = is_hopeless;
            sleep(PAUSE).await;
        }
    }
}

/// Of what the attempts met with, what says most: a node that was recognised knows why it lets nobody in.
fn telling(errors: &[NodeError]) -> String {
    let is_stranger = |error: &&NodeError| {
        matches!(error, NodeError::OtherAuthority { .. } | NodeError::OtherCertificate { .. })
    };
    let error = errors.iter().find(|error| !is_stranger(error)).or(errors.first());
    error.map(ToString::to_string).unwrap_or_default()
}

/// What a node that answers this client under its configuration calls itself.
async fn answers(node: &Node) -> Result<String, NodeError> {
    let info = ask::info(Connection::open(node).await?).await?;
    match info.mode() {
        view::Mode::Maintenance => Err(NodeError::Lost("the node is still in maintenance".to_owned())),
        _ => Ok(info.hostname().to_owned()),
    }
}
