//! Networks of workloads against a real kernel, netavark and aardvark-dns, behind the node's own firewall.
//!
//! Each test starts itself once more in a network, a mount and a process namespace of its own, which is the node of the
//! test: what is left there ends with it. Needs root, `netavark`, `aardvark-dns`, `nft` and `ip` in the folder
//! CORTEN_TOOLS_BIN or where Debian has them, and `unshare` of util-linux. What is missing is said and the test skipped,
//! unless CORTEN_REQUIRE_TOOLS is 1.

mod cycles;
mod failures;
mod groups;
mod lab;
mod moves;
mod names;
mod ports;
