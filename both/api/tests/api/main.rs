//! Clients and nodes meet in handshakes of rustls in memory, and OpenSSL looks at the certificates.
#![allow(missing_docs)]

mod certificates;
mod clients;
mod handshake;
mod issuing;
mod openssl;
mod servers;
#[path = "../../../formats/tests/tool/mod.rs"]
mod tool;
