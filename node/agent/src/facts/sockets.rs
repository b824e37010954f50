//! Sockets of TCP and UDP, from `/proc/net`. Format: proc_pid_net(5); addresses are hexadecimal, each 32 bits in the
//! byte order of the machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use corten_api::v1;

use super::{FactError, files};
use crate::root::Root;

/// Sockets of one protocol that are listed.
const MAX_SOCKETS: usize = 1 << 14;

/// All sockets: listening ones first, then by protocol and address.
pub fn list(root: &Root) -> Result<Vec<v1::Socket>, FactError> {
    let mut sockets = Vec::new();
    for protocol in ["tcp", "tcp6", "udp", "udp6"] {
        // A kernel without IPv6 has no files for it.
        match files::text(root, &format!("/proc/net/{protocol}")) {
            Ok(text) => sockets.extend(parse(protocol, &text)),
            Err(error) if protocol == "tcp" => return Err(error),
            Err(_) => {}
        }
    }
    sockets.sort_by_key(|socket| !matches!(socket.state.as_str(), "LISTEN" | "UNCONN"));
    Ok(sockets)
}

/// Reads one of the files. Lines that are no sockets, such as the first one, are passed over.
pub fn parse(protocol: &str, text: &str) -> Vec<v1::Socket> {
    text.lines().filter_map(|line| parse_line(protocol, line)).take(MAX_SOCKETS).collect()
}

fn parse_line(protocol: &str, line: &str) -> Option<v1::Socket> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let local = address(fields.next()?)?;
    let remote = address(fields.next()?)?;
    let state = state(protocol, u8::from_str_radix(fields.next()?, 16).ok()?)?;
    // Queues, timer and retransmissions stand between.
    let uid = fields.nth(3)?.parse().ok()?;
    Some(v1::Socket {
        protocol: protocol.into(),
        local: shown(local),
        remote: shown(remote),
        state: state.into(),
        uid,
    })
}

fn shown(address: SocketAddr) -> String {
    match address.port() {
        0 if address.is_ipv6() => format!("[{}]:*", address.ip()),
        0 => format!("{}:*", address.ip()),
        _ => address.to_string(),
    }
}

fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Offsets below are in bytes, so the text may hold nothing else.
    if !address.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let word = |at: usize| {
        let digits = address.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let ip = match address.len() {
        8 => IpAddr::from(Ipv4Addr::from(word(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, part) in bytes.chunks_exact_mut(4).enumerate() {
                part.copy_from_slice(&word(at)?);
            }
            IpAddr::from(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// As ss(8) writes it; numbers of include/net/tcp_states.h.
fn state(protocol: &str, number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "ESTAB",
        2 => "SYN-SENT",
        3 | 12 => "SYN-RECV",
        4 => "FIN-WAIT-1",
        5 => "FIN-WAIT-2",
        6 => "TIME-WAIT",
        7 if protocol.starts_with("udp") => "UNCONN",
        7 => "CLOSED",
        8 => "CLOSE-WAIT",
        9 => "LAST-ACK",
        10 => "LISTEN",
        11 => "CLOSING",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TCP: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   901        0 18231 1 0
   1: 0402000A:1D0B 0202000A:C350 01 00000000:00000000 02:000A7214 00000000     0        0 18240 2 0
";
    const TCP6: &str = "   0: B80D0120000000000000000001000000:1D0B 00000000000000000000000000000000:0000 0A \
         00000000:00000000 00:00000000 00000000   901        0 18199 1 0\n";

    #[cfg(target_endian = "little")]
    #[test]
    fn sockets_are_shown_as_people_write_them() {
        let shown = |protocol: &str, text: &str| {
            let sockets = parse(protocol, text);
            let line = |socket: &v1::Socket| {
                format!("{} {} {} {}", socket.local, socket.remote, socket.state, socket.uid)
            };
            sockets.iter().map(line).collect::<Vec<_>>()
        };
        let expected = ["127.0.0.1:8080 0.0.0.0:* LISTEN 901", "10.0.2.4:7435 10.0.2.2:50000 ESTAB 0"];
        assert_eq!(shown("tcp", TCP), expected);
        assert_eq!(
            shown("tcp6", TCP6),
            ["[120:db8::1]:7435 [::]:* LISTEN 901".replace("120:db8", "2001:db8")]
        );
    }

    #[test]
    fn a_socket_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("an address").to_string();
        let sockets = list(&Root::default()).expect("sockets");
        let ours = sockets.iter().find(|socket| socket.local == address).expect("ours");
        assert_eq!((ours.state.as_str(), ours.protocol.as_str()), ("LISTEN", "tcp"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}", digits in "[0-9A-Fé:]{0,40}") {
            let _ = parse("tcp", &text);
            let _ = parse("udp", &format!("0: {digits} {digits} 0A a b c 0"));
            let _ = address(&digits);
        }
    }
}
