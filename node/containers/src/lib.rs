//! Containers of a node: a client of containerd, and the questions that init asks through it.
//!
//! [`health`] finds out whether containerd serves, [`container`] runs one container from a static program to
//! prove that snapshotter, shim and runtime work together. The program `corten-health` offers both to init,
//! which has no async runtime of its own.
#![forbid(unsafe_code)]

pub mod api;
mod client;
pub mod command;
pub mod container;
mod error;
pub mod health;
mod spec;

pub use error::Error;
