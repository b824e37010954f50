//! The clients of DHCP against models of servers, on networks that do to packets whatever networks do.

mod lies;
mod v4;
mod v6;
