//! Packets of a link that has no address yet: AF_PACKET sockets, as DHCP needs them (packet(7) of the manual).
//!
//! rustix has neither the address of these sockets nor the option that gives them a filter, so three system calls are
//! made here.

#![expect(unsafe_code, reason = "rustix has no addresses of packet sockets")]

use std::mem::size_of;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::Result;
use crate::error::failed;

/// One instruction of a classic BPF filter: what struct sock_filter of linux/filter.h holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// Instructions to skip if a comparison holds.
    pub then: u8,
    /// Instructions to skip if it does not.
    pub otherwise: u8,
    /// Operand.
    pub operand: u32,
}

/// Listens for IPv4 packets on the link with this index: those alone that `filter` lets through, which sees them from
/// the IP header on. The socket does not block.
pub fn listen(index: u32, filter: &[Instruction]) -> Result<OwnedFd> {
    let what = || format!("packets of link {index}");
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    // No protocol yet: nothing comes before the filter is in place and the link is chosen.
    let socket = socket_with(AddressFamily::PACKET, SocketType::DGRAM, flags, None)
        .map_err(failed("socket", what()))?;
    let program: Vec<libc::sock_filter> = filter
        .iter()
        .map(|one| libc::sock_filter { code: one.code, jt: one.then, jf: one.otherwise, k: one.operand })
        .collect();
    let length = u16::try_from(program.len()).map_err(|_| failed("setsockopt", what())(Errno::INVAL))?;
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut() };
    // SAFETY: `program` points to `len` instructions that live until the call returns; the kernel copies and checks
    // them and does not write.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as libc::socklen_t,
        )
    };
    check(done as isize).map_err(failed("setsockopt SO_ATTACH_FILTER", what()))?;
    let address = address(index, None);
    // SAFETY: `address` is a whole sockaddr_ll and its size is given.
    let done = unsafe {
        libc::bind(
            socket.as_raw_fd(),
            (&raw const address).cast(),
            size_of::<libc::sockaddr_ll>() as libc::socklen_t,
        )
    };
    check(done as isize).map_err(failed("bind", what()))?;
    Ok(socket)
}

/// Sends an IPv4 packet, which begins with its IP header, to a card on the link with this index.
pub fn send(socket: impl AsFd, index: u32, mac: [u8; 6], packet: &[u8]) -> Result<()> {
    let address = address(index, Some(mac));
    // SAFETY: `packet` and `address` live until the call returns and their sizes are given; the kernel only reads them.
    let sent = unsafe {
        libc::sendto(
            socket.as_fd().as_raw_fd(),
            packet.as_ptr().cast(),
            packet.len(),
            libc::MSG_DONTWAIT,
            (&raw const address).cast(),
            size_of::<libc::sockaddr_ll>() as libc::socklen_t,
        )
    };
    check(sent).map_err(failed("sendto", format!("link {index}")))
}

fn address(index: u32, mac: Option<[u8; 6]>) -> libc::sockaddr_ll {
    let mut bytes = [0; 8];
    if let Some(mac) = mac {
        bytes[..6].copy_from_slice(&mac);
    }
    libc::sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: (libc::ETH_P_IP as u16).to_be(),
        sll_ifindex: index as i32,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 6,
        sll_addr: bytes,
    }
}

fn check(answer: isize) -> std::result::Result<(), Errno> {
    if answer < 0 {
        let error = std::io::Error::last_os_error();
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    Ok(())
}
