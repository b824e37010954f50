//! Networks of workloads: which one has which addresses and names, and how the kernel comes to have them.
//!
//! ```text
//! workloads + what is remembered + what the node has -> plan (pure) -> ledger
//!                                                                       |
//!                    join: namespace -> netavark setup  <---------------+--- leave: netavark teardown -> namespace
//!                                        |- bridge `ctn-NAME`, veth, addresses, routes
//!                                        |- nftables: translation for published ports and for the way out
//!                                        '- aardvark-dns: names
//! ```
//!
//! Workloads that name the same bridge reach each other by name; groups do not reach each other, and nobody from outside
//! reaches what is not published: the node's own firewall sees to it (`corten_network::firewall::workloads`), as it
//! does to ports of workloads that have the node's own network.
//!
//! [`Networks`] is what the daemon holds. All that it knows lies in `/run`, so another daemon finds it again, and a
//! reboot begins anew.

mod conntrack;
mod counters;
mod error;
pub mod files;
mod join;
mod ledger;
mod name_server;
pub mod names;
pub mod netavark;
mod networks;
mod places;
mod plan;
mod program;
mod question;
mod subnets;
mod tend;

pub use counters::{Counters, read as read_counters};
pub use error::NetworkError;
pub use ledger::{Bridge, Ledger, Member, Place, Stage};
pub use networks::{Joined, Networks};
pub use places::Places;
pub use plan::{PlanError, Surroundings, plan};
pub use question::is_answered;
pub use tend::Tended;

/// Bytes of the largest file that is read here.
const LARGEST: u64 = 4 << 20;
