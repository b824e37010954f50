//! Who is who: an authority, the certificates that it signs for clients and nodes, and how they are read.
//!
//! | certificate | subject | key usage | extended |
//! |---|---|---|---|
//! | authority | CN name, O `corten:authority` | `keyCertSign`; CA, path length 0 | none |
//! | client | CN name, O `corten:reader`, `corten:operator` or `corten:admin` | `digitalSignature` | `clientAuth` |
//! | node | CN name, O `corten:node`; SANs | `digitalSignature` | `serverAuth` |
//!
//! The role stands in the subject, so the authority vouches for it and a node needs no list of people. Keys are
//! ECDSA on P-256, which every TLS stack speaks. Times are seconds since 1970.

mod address;
mod authority;
mod certificate;
mod fingerprint;
mod keypair;
mod name;

pub use address::{Address, AddressError};
pub use authority::{Authority, BACKDATE, IssueError, MAX_DAYS, self_signed_node};
pub use certificate::{Certificate, CertificateError, Client, Kind};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use keypair::{Identity, PemError, certificates};
pub use name::{Name, NameError};

/// Organisation of an authority.
const AUTHORITY: &str = "corten:authority";
/// Organisation of a node.
const NODE: &str = "corten:node";
/// What the organisation of each certificate begins with.
const PREFIX: &str = "corten:";
