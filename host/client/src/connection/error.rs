//! What goes wrong between a person and a node: what it is, and what to do about it.

use std::error::Error;
use std::io;

use corten_api::error::ApiError;
use corten_api::identity::Fingerprint;
use corten_api::tls::TlsError;
use tonic::{Code, Status};

use super::{FileError, tls};
use crate::contexts::Address;

/// A node can't be reached, is not the one that was expected, or does not do what it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// A file of the context can't be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The files of the context are no base for a connection.
    #[error(transparent)]
    Tls(TlsError),
    /// Its name has no address.
    #[error("{address}: no such host: {source}")]
    Unresolved {
        /// Where it was looked for.
        address: Address,
        /// What the resolver says.
        source: io::Error,
    },
    /// The machine is there, and nothing listens.
    #[error("{address}: nothing listens there")]
    Refused {
        /// Where.
        address: Address,
    },
    /// Nobody answers within the time that there is.
    #[error("{address}: no answer in 5 s")]
    Silent {
        /// Where.
        address: Address,
    },
    /// There is no way there.
    #[error("{address}: {source}")]
    Unreachable {
        /// Where.
        address: Address,
        /// Why.
        source: io::Error,
    },
    /// Somebody answers, but in another language.
    #[error("{address}: what answers does not speak the API of a node: {why}")]
    NoTls {
        /// Where.
        address: Address,
        /// What was seen.
        why: String,
    },
    /// It shows another certificate than the one that was pinned.
    #[error("{address}: the certificate is not the pinned one\n  expected {expected}\n  seen     {found}")]
    OtherCertificate {
        /// Where.
        address: Address,
        /// What it showed.
        found: Fingerprint,
        /// What was pinned.
        expected: Fingerprint,
    },
    /// Another authority, or none, vouches for it.
    #[error("{address}: the authority of this context did not sign the certificate")]
    OtherAuthority {
        /// Where.
        address: Address,
    },
    /// Its certificate has run out.
    #[error("{address}: the certificate of the node has expired")]
    Expired {
        /// Where.
        address: Address,
    },
    /// Its certificate is not valid yet.
    #[error("{address}: the certificate of the node is not valid yet")]
    NotYet {
        /// Where.
        address: Address,
    },
    /// Its certificate is no node's.
    #[error("{address}: the certificate is none of a node: {why}")]
    NoNode {
        /// Where.
        address: Address,
        /// What is wrong with it.
        why: String,
    },
    /// The node does not let this client in.
    #[error("the node lets nobody in with {reason}")]
    NotLetIn {
        /// Why.
        reason: Refusal,
    },
    /// The connection ended while something was asked.
    #[error("the connection was lost: {0}")]
    Lost(String),
    /// The answer did not come.
    #[error("no answer in {seconds} s")]
    Late {
        /// Seconds that were waited.
        seconds: u64,
    },
    /// It did not come back after a restart.
    #[error("the node was not back in {seconds} s")]
    NotBack {
        /// Seconds that were waited.
        seconds: u64,
    },
    /// Who wants to pair it finds that it has a configuration.
    #[error("{address}: this node has a configuration and takes no pairing code")]
    HasConfiguration {
        /// Where.
        address: Address,
    },
    /// It took its configuration, and does not answer under it.
    #[error("the node took the configuration, but does not let this client in since: {why}")]
    Unsettled {
        /// What the last attempt met with.
        why: String,
    },
    /// The node answered that it won't or can't.
    #[error("{}", .0.cause)]
    Answered(ApiError),
}

/// Why a node does not let a client in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The certificate has run out.
    #[error("a certificate that has expired")]
    Expired,
    /// The certificate was withdrawn.
    #[error("a certificate that was revoked")]
    Revoked,
    /// The node does not know who signed the certificate.
    #[error("a certificate of another authority")]
    OtherAuthority,
    /// There is no certificate.
    #[error("no certificate")]
    NoCertificate,
    /// Something else, as TLS calls it.
    #[error("this certificate ({0})")]
    Other(String),
}

impl NodeError {
    /// What a failed connection of TCP means.
    pub(super) fn of_connect(address: &Address, error: io::Error) -> Self {
        let address = address.clone();
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { address },
            io::ErrorKind::TimedOut => Self::Silent { address },
            // The resolver's errors come without a number of the kernel.
            _ if error.raw_os_error().is_none() => Self::Unresolved { address, source: error },
            _ => Self::Unreachable { address, source: error },
        }
    }

    /// What a failure to begin with HTTP/2 means. A node says only now that it does not like the client.
    pub(super) fn of_transport(address: &Address, error: &tonic::transport::Error) -> Self {
        match tls::within(error) {
            Some(error) => tls::of_handshake(address, error),
            None => Self::NoTls { address: address.clone(), why: deepest(error) },
        }
    }

    /// What the status of a call means.
    pub(super) fn of(status: &Status) -> Self {
        // A status with a source was made on this side.
        match status.source() {
            Some(source) => Self::Lost(deepest(source)),
            None => Self::Answered(ApiError::from(status)),
        }
    }

    /// Whether a node that is starting may be the reason.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::Silent { .. }
            | Self::Unreachable { .. }
            | Self::NoTls { .. }
            | Self::Lost(_)
            | Self::Late { .. } => true,
            Self::Answered(error) => error.code == Code::Unavailable,
            _ => false,
        }
    }

    /// Whether it only took too long.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::NotBack { .. })
    }

    /// What to do about it, in one line.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::File(_) | Self::Tls(_) => "see what the context names: `corten node contexts`",
            Self::Unresolved { .. } => "check the address: `corten node contexts` shows it",
            Self::Refused { .. } => {
                "is the node up, and does it listen on this port? `corten run` forgets its node when it ends"
            }
            Self::Silent { .. } | Self::Unreachable { .. } => {
                "is the machine on, and does a firewall let this port through?"
            }
            Self::NoTls { .. } => "check the port: a node listens on 7443 unless it is told otherwise",
            Self::OtherCertificate { .. } => {
                "if the node was reset or made anew, compare the fingerprint with its console, then `corten node forget` and add or pair it again; otherwise somebody may be in between"
            }
            Self::OtherAuthority { .. } => {
                "a node that lost its configuration shows a certificate of its own: see its console, and `corten node pair` if so"
            }
            Self::Expired { .. } => "check the clock of this machine; else give the node a new certificate",
            Self::NotYet { .. } => "check the clock of this machine",
            Self::NoNode { .. } => "check the address: somebody else may listen there",
            Self::NotLetIn { reason } => reason.remedy(),
            Self::Lost(_) => "see how the node is: `corten node health`",
            Self::Late { .. } => "the node may be busy; try again",
            Self::NotBack { .. } => "see its console; --timeout gives it more time",
            Self::HasConfiguration { .. } => "its owner adds it with `corten node add`",
            Self::Unsettled { .. } => {
                "does api.trusted of the configuration hold the authority of your certificate? `corten node add` adds the node once you know how it is reached"
            }
            Self::Answered(error) if !error.remedy.is_empty() => return Some(error.remedy.clone()),
            Self::Answered(error) => match error.code {
                Code::PermissionDenied => "ask the owner of the node for a certificate with a higher role",
                Code::Unauthenticated => {
                    "name a certificate in the context: `corten node add` has --certificate"
                }
                Code::Unimplemented => "the node runs an older version that does not know this call",
                _ => return None,
            },
        };
        Some(text.to_owned())
    }

    /// A word for programs. They stay the same from version to version.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Tls(_) => "context",
            Self::Unresolved { .. } => "unresolved",
            Self::Refused { .. } => "refused",
            Self::Silent { .. } => "silent",
            Self::Unreachable { .. } => "unreachable",
            Self::NoTls { .. } => "no_tls",
            Self::OtherCertificate { .. } => "other_certificate",
            Self::OtherAuthority { .. } => "other_authority",
            Self::Expired { .. } => "expired",
            Self::NotYet { .. } => "not_yet_valid",
            Self::NoNode { .. } => "no_node",
            Self::NotLetIn { .. } => "not_let_in",
            Self::Lost(_) => "lost",
            Self::Late { .. } => "late",
            Self::NotBack { .. } => "not_back",
            Self::HasConfiguration { .. } => "has_configuration",
            Self::Unsettled { .. } => "unsettled",
            Self::Answered(error) => code(error.code),
        }
    }
}

impl Refusal {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Expired | Self::Revoked => "ask the owner of the node for a new certificate",
            Self::OtherAuthority => {
                "name the certificate that its owner gave you: `corten node add` has --certificate"
            }
            Self::NoCertificate => "name a certificate in the context: `corten node add` has --certificate",
            Self::Other(_) => "is it a client's certificate, of the authority that the node trusts?",
        }
    }
}

/// The codes of gRPC in small letters.
fn code(code: Code) -> &'static str {
    match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    }
}

/// The innermost of a chain of errors: libraries wrap it in ever less telling words.
fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
