//! The network of a node: links, addresses, routes, DHCP, names, and the firewall in front of them.
//!
//! The agent writes an [`Order`]; this crate brings the kernel to it and says in a [`State`] what came of it. What to do
//! is decided by pure functions (`plan`, `firewall`, `dhcp`), which the shell (`netlink`, `daemon`) feeds with what
//! the kernel, servers and the clock say.
#![forbid(unsafe_code)]

pub mod daemon;
pub mod dhcp;
pub mod files;
pub mod firewall;
pub mod folder_watch;
pub mod names;
pub mod netlink;
mod order;
pub mod plan;
pub mod program;
mod ready;
mod state;

pub use order::{ORDER_PATH, Order, SETTINGS_FOLDER, WorkloadPort};
pub use state::{AddressState, FirewallState, LinkState, STATE_PATH, Source, State};
