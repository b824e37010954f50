//! An agent on a scratch root, and clients that are many, slow or malformed: for the agent's own tests and for
//! `cargo xtask bench api`.
//!
//! ```text
//! Scratch: folders, owner, log, an init that accepts everything
//!    └─> Agent: the program itself, as a node starts it ──> Usage
//! Target ──> TLS ──> channel of gRPC, or HTTP/2 by hand ──> Malformed
//! ```
#![forbid(unsafe_code)]

mod agent;
mod flood;
mod http2;
mod init;
mod latency;
mod log;
mod malformed;
mod owner;
mod random;
mod scratch;
mod target;
mod usage;
mod wire;

pub use agent::{Agent, DESCRIPTORS};
pub use flood::{Flood, Flooded};
pub use http2::{Connection, Ended};
pub use init::Init;
pub use latency::Latencies;
pub use log::Log;
pub use malformed::Malformed;
pub use owner::Owner;
pub use scratch::{Posture, Scratch};
pub use target::{Fault, Target, info, local};
pub use usage::Usage;
