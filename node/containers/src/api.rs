//! The generated client of containerd's gRPC API; `proto/README.md` says where its definition is from.
#![allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]

include!(concat!(env!("OUT_DIR"), "/containerd_api.rs"));
