//! Talks to nodes: contexts, TLS, calls, what is shown of them.
//!
//! ```text
//! contexts -> connection -> ask, each, follow -> view -> printed, or drawn by the dashboard
//! ```
#![forbid(unsafe_code)]

pub mod ask;
pub mod config;
pub mod connection;
pub mod contexts;
pub mod dashboard;
pub mod each;
pub mod follow;
pub mod pair;
pub mod support;
pub mod tell;
pub mod terminal;
pub mod view;
pub mod wait;
