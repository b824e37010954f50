//! Containers of a node: the workloads of its configuration, kept running on containerd.
//!
//! ```text
//! settings -> fleet (pure: what is to be done) -> daemon -> containerd -> shim -> crun
//!                ^                                  |-> network (netavark)
//!                '--------- what came of it --------|-> images (recipe, store, fetch)
//!                                                   |-> logs, checks
//! agent -> api.sock -> serve -> daemon
//! ```
//!
//! [`probe`] holds what init asks about containerd, through the program `health`.
#![forbid(unsafe_code)]

pub mod api;
pub mod checks;
pub mod containerd;
pub mod daemon;
mod error;
pub mod fleet;
pub mod images;
pub mod logs;
pub mod network;
pub mod probe;
pub mod program;
pub mod schedule;
mod serve;
pub mod spec;
mod time;

pub use error::Error;
