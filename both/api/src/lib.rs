//! The API of a node: what can be asked, by whom, and how both sides know each other.
#![forbid(unsafe_code)]

/// Types, clients and servers, generated from `proto/corten/v1`.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
pub mod v1 {
    tonic::include_proto!("corten.v1");
}

/// The definition of the API as a set of file descriptors, encoded.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
