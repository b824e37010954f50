//! DHCPv6 for one address of a link (RFC 8415: IA_NA), with name servers, search domains (RFC 3646) and NTP servers
//! (RFC 5908). Routes of IPv6 come from routers, never from a server.
//!
//! The phases are those of IPv4. A lease that is older than the link's being up is asked for as when rebinding.

mod client;
mod lease;
mod message;

pub use client::{Client, Event, Identity, Output};
pub use lease::Lease;
pub use message::{Kind, LARGEST, Malformed, Offer, Reply, parse};
