//! The program against a real kernel and a real DHCP server: two network namespaces, `router` with dnsmasq and `node`
//! with `corten-network`, which runs as on a node: not as root, with three capabilities. Needs root, and `dnsmasq`,
//! `ip`, `nft` in the folder CORTEN_TOOLS_BIN or on the path; `unshare`, `nsenter` and `setpriv` of util-linux. What is
//! missing is said and the test skipped, unless CORTEN_REQUIRE_TOOLS is 1.

mod addresses;
mod firewall;
mod lab;
mod links;
