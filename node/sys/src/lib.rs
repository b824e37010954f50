//! System calls of the node: mounts, namespaces, device-mapper, modules, signals, processes, watchdog, power.
//!
//! This is the only crate of the project with `unsafe`, and it stays thin: rustix's safe wrappers wherever they
//! exist, a block of its own for what they lack (device-mapper ioctls, signalfd, the moment between fork and
//! exec). What to mount, load or run is decided by the callers.
#![deny(unsafe_op_in_unsafe_fn)]

pub mod aside;
pub mod cache;
pub mod clock;
pub mod dm;
mod error;
pub mod host;
pub mod loopback;
pub mod module;
pub mod mount;
pub mod netns;
pub mod packet;
pub mod partition;
pub mod peer;
pub mod poll;
pub mod privileges;
pub mod process;
pub mod signal;
pub mod uevent;
pub mod watchdog;

pub use error::{Result, SysError};
