//! Reading a certificate: whose it is, what it is for, and which role it gives. Signatures are not verified here;
//! that is the handshake's (`tls`).

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Version;

use super::{Fingerprint, NODE, Name, NameError, PREFIX};
use crate::role::{Role, UnknownRole};

/// Larger than any certificate with a name or two in it.
const MAX_BYTES: usize = 16 << 10;

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It signs others.
    Authority,
    /// A person or program that calls nodes.
    Client(Role),
    /// A node.
    Node,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Whose it is. Of clients and nodes a [`Name`]; an authority may be somebody else's, so what is not printable
    /// in its name is left out, and it may be empty.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// SHA-256 of it.
    pub fingerprint: Fingerprint,
    /// From when it is valid, seconds since 1970.
    pub not_before: i64,
    /// Until when it is valid, this second included, seconds since 1970.
    pub not_after: i64,
}

/// The caller of a node, from its certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Who it is.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// SHA-256 of its certificate: what `api.revoked` names.
    pub fingerprint: Fingerprint,
    /// Until when it is valid, seconds since 1970. A connection may outlive that; whoever holds it open has to look.
    pub not_after: i64,
}

/// A certificate that can't be read or is for nothing here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Larger than what is looked at.
    #[error("a certificate of {0} bytes; {MAX_BYTES} at most")]
    Size(usize),
    /// Not X.509, or damaged.
    #[error("not a certificate: {0}")]
    Format(String),
    /// No name, or several.
    #[error("a certificate with {0} common names; expected one")]
    Names(usize),
    /// A name that could be mistaken for something else.
    #[error("common name of a certificate: {0}")]
    Name(#[from] NameError),
    /// Nothing, or more than one thing, says what it is for.
    #[error("{0:?} has {1} organisations that begin with {PREFIX:?}; expected one, which is its role")]
    Roles(String, usize),
    /// An organisation that says something unknown.
    #[error("organisation of {name:?}: {source}")]
    Role {
        /// Whose certificate it is.
        name: String,
        /// Which word is no role.
        source: UnknownRole,
    },
    /// The extended key usage does not fit the role.
    #[error("{name:?} has the role {role:?}, but its extended key usage is not {expected} alone")]
    Purpose {
        /// Whose certificate it is.
        name: String,
        /// What its organisation says.
        role: String,
        /// The usage that goes with it.
        expected: &'static str,
    },
    /// An authority that may sign no certificates.
    #[error("{0:?} is an authority without the key usage keyCertSign")]
    Usage(String),
    /// It is for something else than what was asked for.
    #[error("the certificate of {name:?} is not {expected}")]
    Kind {
        /// Whose certificate it is.
        name: String,
        /// What was expected.
        expected: &'static str,
    },
}

impl Certificate {
    /// Reads a certificate, DER.
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_BYTES {
            return Err(CertificateError::Size(der.len()));
        }
        let format = |why: &dyn ToString| CertificateError::Format(why.to_string());
        let (rest, x509) = X509Certificate::from_der(der).map_err(|why| format(&why))?;
        if !rest.is_empty() {
            return Err(format(&"more bytes after its end"));
        }
        if x509.version() != X509Version::V3 {
            return Err(format(&"not version 3 of X.509"));
        }
        let is_authority =
            x509.basic_constraints().map_err(|why| format(&why))?.is_some_and(|ca| ca.value.ca);
        let (name, kind) = if is_authority { authority(&x509)? } else { end_entity(&x509)? };
        Ok(Self {
            name,
            kind,
            fingerprint: Fingerprint::of(der),
            not_before: x509.validity().not_before.timestamp(),
            not_after: x509.validity().not_after.timestamp(),
        })
    }

    /// Reads a certificate that has to be of an authority.
    pub fn read_authority(der: &[u8]) -> Result<Self, CertificateError> {
        Self::read(der)?.expect_kind(Kind::Authority, "an authority's")
    }

    /// Reads a certificate that has to be a node's.
    pub fn read_node(der: &[u8]) -> Result<Self, CertificateError> {
        Self::read(der)?.expect_kind(Kind::Node, "a node's")
    }

    fn expect_kind(self, kind: Kind, expected: &'static str) -> Result<Self, CertificateError> {
        if self.kind == kind { Ok(self) } else { Err(CertificateError::Kind { name: self.name, expected }) }
    }
}

impl Client {
    /// Reads a client's certificate, DER.
    pub fn read(der: &[u8]) -> Result<Self, CertificateError> {
        let Certificate { name, kind, fingerprint, not_after, .. } = Certificate::read(der)?;
        match kind {
            Kind::Client(role) => Ok(Self { name: name.parse()?, role, fingerprint, not_after }),
            Kind::Authority | Kind::Node => Err(CertificateError::Kind { name, expected: "a client's" }),
        }
    }
}

/// Authorities may be of others, who name them as they like.
fn authority(x509: &X509Certificate<'_>) -> Result<(String, Kind), CertificateError> {
    let name = x509.subject().iter_common_name().find_map(|name| name.as_str().ok()).unwrap_or_default();
    let name: String = name.chars().filter(|other| matches!(other, ' '..='~')).take(64).collect();
    let usage = x509.key_usage().map_err(|why| CertificateError::Format(why.to_string()))?;
    // Without the extension a key may be used for anything, RFC 5280 section 4.2.1.3.
    if usage.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err(CertificateError::Usage(name));
    }
    Ok((name, Kind::Authority))
}

fn end_entity(x509: &X509Certificate<'_>) -> Result<(String, Kind), CertificateError> {
    let names: Vec<_> = x509.subject().iter_common_name().collect();
    let [name] = names.as_slice() else { return Err(CertificateError::Names(names.len())) };
    let name: Name = name.as_str().map_err(|why| CertificateError::Format(why.to_string()))?.parse()?;

    let organisations = x509.subject().iter_organization().filter_map(|one| one.as_str().ok());
    let roles: Vec<_> = organisations.filter(|one| one.starts_with(PREFIX)).collect();
    let [organisation] = roles.as_slice() else {
        return Err(CertificateError::Roles(name.to_string(), roles.len()));
    };

    let usage = x509.extended_key_usage().map_err(|why| CertificateError::Format(why.to_string()))?;
    let usage = usage.map(|usage| (usage.value.client_auth, usage.value.server_auth, usage.value.any));
    let (kind, expected, name_of_usage) = if *organisation == NODE {
        (Kind::Node, (false, true, false), "serverAuth")
    } else {
        let role = organisation[PREFIX.len()..].parse();
        let role = role.map_err(|source| CertificateError::Role { name: name.to_string(), source })?;
        (Kind::Client(role), (true, false, false), "clientAuth")
    };
    if usage == Some(expected) {
        return Ok((name.to_string(), kind));
    }
    let role = (*organisation).to_owned();
    Err(CertificateError::Purpose { name: name.to_string(), role, expected: name_of_usage })
}
