//! Bringing the loopback interface up, by one rtnetlink message (rtnetlink(7), RTM_NEWLINK). The kernel gives it
//! its addresses by itself.

use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with};

use crate::Result;
use crate::error::failed;

const RTM_NEWLINK: u16 = 16;
const NLM_F_REQUEST_ACK: u16 = 0x1 | 0x4;
const NLMSG_ERROR: u16 = 2;
const IFF_UP: u32 = 1;
/// Every network namespace has its loopback interface as number 1.
const LOOPBACK_INDEX: u32 = 1;

/// Sets the interface `lo` up.
pub fn up() -> Result<()> {
    let subject = || "lo up".to_string();
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)
        .map_err(failed("socket", "NETLINK_ROUTE"))?;
    sendto(&socket, &request(), SendFlags::empty(), &SocketAddrNetlink::new(0, 0))
        .map_err(failed("sendto", subject()))?;
    let mut answer = [0u8; 256];
    let (length, _) =
        recv(&socket, &mut answer[..], RecvFlags::empty()).map_err(failed("recv", subject()))?;
    match answer_errno(answer.get(..length).unwrap_or_default()) {
        None => Ok(()),
        Some(errno) => Err(failed("RTM_NEWLINK", subject())(errno)),
    }
}

/// struct nlmsghdr, then struct ifinfomsg.
fn request() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    bytes.extend(32u32.to_ne_bytes());
    bytes.extend(RTM_NEWLINK.to_ne_bytes());
    bytes.extend(NLM_F_REQUEST_ACK.to_ne_bytes());
    bytes.extend([0; 8]); // sequence and port number: there is one request only
    bytes.extend([0; 4]); // any family, any device type
    bytes.extend(LOOPBACK_INDEX.to_ne_bytes());
    bytes.extend(IFF_UP.to_ne_bytes()); // flags
    bytes.extend(IFF_UP.to_ne_bytes()); // which of them change
    bytes
}

/// What struct nlmsgerr says; `None` for success.
fn answer_errno(answer: &[u8]) -> Option<Errno> {
    let kind = answer.get(4..6).and_then(|b| b.try_into().ok()).map(u16::from_ne_bytes);
    let code = answer.get(16..20).and_then(|b| b.try_into().ok()).map(i32::from_ne_bytes);
    match (kind, code) {
        (Some(NLMSG_ERROR), Some(0)) => None,
        (Some(NLMSG_ERROR), Some(code)) => Some(Errno::from_raw_os_error(code.wrapping_neg())),
        _ => Some(Errno::BADMSG),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_success_only_if_it_says_so() {
        let answer = |kind: u16, code: i32| {
            let mut bytes = vec![0; 20];
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            bytes[16..20].copy_from_slice(&code.to_ne_bytes());
            bytes
        };
        assert_eq!(answer_errno(&answer(NLMSG_ERROR, 0)), None);
        assert_eq!(answer_errno(&answer(NLMSG_ERROR, -1)), Some(Errno::PERM));
        assert_eq!(answer_errno(&answer(3, 0)), Some(Errno::BADMSG));
        assert_eq!(answer_errno(b"short"), Some(Errno::BADMSG));
    }
}
