//! Talks to nodes: contexts, TLS, calls, what is shown of them.
//!
//! ```text
//! contexts -> connection -> ask, tell, each, follow -> view -> printed, or drawn by the dashboard
//!                    \-> exec, copy, images: what goes both ways
//! ```
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as corten_client;

/// A node for tests, shared with those of the whole.
#[cfg(test)]
#[allow(dead_code, reason = "the tests of the whole use all of it")]
#[path = "../tests/nodes/fake/mod.rs"]
mod fake;

pub mod ask;
pub mod config;
pub mod connection;
pub mod contexts;
pub mod copy;
pub mod dashboard;
pub mod each;
pub mod exec;
pub mod follow;
pub mod images;
pub mod lets_in;
pub mod pair;
pub mod support;
pub mod tell;
pub mod terminal;
pub mod view;
pub mod wait;
