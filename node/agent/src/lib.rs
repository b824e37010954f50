//! The agent of a node: serves its API, and makes the node what its configuration says.
//!
//! ```text
//! server: door, caller, gate ──> calls ──> present, engine, init
//! configuration ──> reconcile ──> network, init, time      facts, logs, metrics, probes ──> calls
//! ```
//!
//! It runs as a user of its own, writes to its own directories alone, and asks init for what only root can do.
#![forbid(unsafe_code)]

pub mod agent;
pub mod arguments;
pub mod audit;
pub mod calls;
pub mod certificate;
pub mod configuration;
pub mod console;
pub mod containers;
pub mod durable;
pub mod events;
pub mod facts;
pub mod follow;
pub mod health;
pub mod logs;
pub mod metrics;
pub mod pairing;
pub mod present;
pub mod probes;
pub mod program;
pub mod random;
pub mod reconcile;
pub mod resolve;
pub mod room;
pub mod root;
pub mod sandbox;
pub mod server;
pub mod services;
pub mod shipping;
pub mod support;
pub mod threshold;
pub mod time;
