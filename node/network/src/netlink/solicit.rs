//! Asks routers to advertise themselves (RFC 4861 section 4.1). The kernel does it when a link comes up, but not when it
//! is told later to listen, and routers speak by themselves only every few minutes.

use std::net::{Ipv6Addr, SocketAddrV6};

use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with, sockopt};

/// All routers of a link.
const ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2);
/// Type 133, code 0, a checksum that the kernel computes, four reserved bytes.
const SOLICITATION: [u8; 8] = [133, 0, 0, 0, 0, 0, 0, 0];
/// Routers take it only if nobody forwarded it.
const HOPS: u32 = 255;

/// Sends a solicitation on the link with this number.
pub(super) fn solicit(index: u32) -> rustix::io::Result<()> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::INET6, SocketType::RAW, flags, Some(ipproto::ICMPV6))?;
    sockopt::set_ipv6_multicast_hops(&socket, HOPS)?;
    sendto(&socket, &SOLICITATION, SendFlags::empty(), &SocketAddrV6::new(ROUTERS, 0, 0, index))?;
    Ok(())
}
