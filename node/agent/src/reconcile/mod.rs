//! Makes the node what its configuration says: one task a concern, each of which may do its work again at any time.
//!
//! Nothing here has rights: it writes what others read and asks init. What came to nothing is among the problems of
//! what is in force, and is tried again with growing pauses.

mod authorities;
mod containers;
mod files;
pub mod init;
mod inputs;
mod keep;
mod network;
mod platform;
mod system;
mod time;

use std::sync::Arc;

use corten_network::State;
use tokio::sync::watch;

use crate::configuration::Engine;
use crate::root::Root;
use authorities::Authorities;
use containers::Containers;
use inputs::Inputs;
use keep::keep;
use network::Network;
use system::Machine;
use time::Time;

pub use authorities::AUTHORITIES;
pub use time::NTP_CONFIG;

/// Starts all of them below a root, on the runtime that this is called in, until that ends. `api_port` is the TCP port
/// of the API.
///
/// Returns the state of the network, as far as its service wrote one.
pub fn start(root: &Root, engine: &Engine, api_port: u16) -> watch::Receiver<Arc<State>> {
    let state = network::watch_state(root.clone(), engine.clone());
    let inputs = || Inputs::new(engine.in_force(), state.clone());
    tokio::spawn(platform::watch(root.clone(), engine.clone()));
    tokio::spawn(keep(Authorities::new(root.clone()), inputs(), engine.clone()));
    tokio::spawn(keep(Containers::new(root.clone()), inputs(), engine.clone()));
    tokio::spawn(keep(Network::new(root.clone(), api_port), inputs(), engine.clone()));
    tokio::spawn(keep(Machine::new(root.clone()), inputs(), engine.clone()));
    tokio::spawn(keep(Time::new(root.clone()), inputs(), engine.clone()));
    state
}

#[cfg(test)]
mod tests;
