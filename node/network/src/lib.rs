//! Links, addresses, DHCP, DNS, firewall of a node.
#![forbid(unsafe_code)]
