//! What programs of a node ask each other for: the words on init's socket and the client's side of it, and the files in
//! which the agent says what others are to do.
//!
//! A connection carries one request and its answers, each a JSON object on one line. There is one answer to each
//! request but [`Request::Watch`], which gets one for each change until the client goes. Who may ask for what is init's
//! to say, by who is on the other end: root and the services whose entry in the table says so may ask for everything,
//! any other service may say that it is ready.
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::expect_used, clippy::panic))]

mod boot;
mod client;
mod containers;
mod request;
mod status;
mod system;

pub use boot::{BOOT_PATH, Boot};
pub use client::ControlError;
pub use containers::{CONTAINERS_PATH, ContainersOrder, MAX_CONTAINERS, NoOrder};
pub use request::{Answer, NoRequest, Partition, Request, Then};
pub use status::{State, Status};
pub use system::{Disk, MAX_SYSTEM, NoSystem, SYSTEM_PATH, System};

/// Where init listens.
pub const SOCKET: &str = "/run/corten/init.sock";

/// Bytes of the longest request: lines for a console, with a code in pictures among them.
pub const MAX_LINE: usize = 16 << 10;

/// Bytes of the longest answer: the status of all services.
pub const MAX_ANSWER: usize = 128 << 10;
