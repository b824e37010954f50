//! The API of a node: what can be asked, by whom, and how both sides know each other.
//!
//! ```text
//! authority ──signs──> client certificate, role in its subject ──┐
//!     │                                                          ├─ TLS 1.3 ─> role ─> table of methods
//!     └──────signs──> node certificate ──────────────────────────┘
//!
//! node in maintenance: certificate of its own, no client certificates; a pairing code instead
//! ```
//!
//! Nothing here reads a clock, a file or a socket; times are seconds since 1970 and passed in. Making keys draws
//! random numbers inside the library.
#![forbid(unsafe_code)]

pub mod error;
pub mod identity;
pub mod methods;
pub mod pairing;
pub mod role;
pub mod tls;

/// Types, clients and servers, generated from `proto/corten/v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
pub mod v1 {
    tonic::include_proto!("corten.v1");
}

/// The definition of the API as a set of file descriptors, encoded.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
