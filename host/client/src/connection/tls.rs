//! What TLS complains about, in words that say what a person can do.

use std::error::Error;
use std::io;

use corten_api::tls::NotPinned;
use rustls::{AlertDescription, CertificateError};

use super::{NodeError, Refusal};
use crate::contexts::Address;

/// The error of TLS in a chain of errors.
pub(super) fn within<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An I/O error tells its content's source as its own, and so passes over the content.
        let content = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match content {
            Some(content) => Some(content),
            None => error.source(),
        };
    }
    None
}

/// What an error of the handshake means.
pub(super) fn of_handshake(address: &Address, error: &rustls::Error) -> NodeError {
    let address = address.clone();
    match error {
        rustls::Error::InvalidCertificate(reason) => of_certificate(address, reason),
        rustls::Error::AlertReceived(alert) => NodeError::NotLetIn { reason: of_alert(*alert) },
        // Not a word of TLS, or none that both sides know.
        _ => NodeError::NoTls { address, why: error.to_string() },
    }
}

fn of_certificate(address: Address, reason: &CertificateError) -> NodeError {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => NodeError::Expired { address },
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            NodeError::NotYet { address }
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            NodeError::OtherAuthority { address }
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<NotPinned>() {
            Some(NotPinned { found, expected }) => {
                NodeError::OtherCertificate { address, found: *found, expected: *expected }
            }
            None => NodeError::NoNode { address, why: other.0.to_string() },
        },
        other => NodeError::NoNode { address, why: other.to_string() },
    }
}

/// Why a node closes the door on a client, as far as it says so.
pub(super) fn of_alert(alert: AlertDescription) -> Refusal {
    match alert {
        AlertDescription::CertificateExpired => Refusal::Expired,
        AlertDescription::CertificateRevoked => Refusal::Revoked,
        // Of an authority with the same name, but another key, only the signature is wrong.
        AlertDescription::UnknownCA | AlertDescription::DecryptError => Refusal::OtherAuthority,
        AlertDescription::CertificateRequired => Refusal::NoCertificate,
        other => Refusal::Other(format!("{other:?}")),
    }
}
