//! What went through the cables of workloads, from the kernel's table of links (`/proc/net/dev`, proc_net(5)), which has
//! those of all in one file.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::error::NetworkError;

/// The table of the network that this thread is in.
const TABLE: &str = "/proc/thread-self/net/dev";
/// Bytes that are looked at; a link takes 130.
const LONGEST: u64 = 1 << 20;
/// Columns of a link: eight of what it received, then eight of what it sent.
const SENT: usize = 8;

/// Bytes and packets of a workload, since it joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes that it received.
    pub received_bytes: u64,
    /// Packets that it received.
    pub received_packets: u64,
    /// Bytes that it sent.
    pub sent_bytes: u64,
    /// Packets that it sent.
    pub sent_packets: u64,
}

/// Reads the kernel's table: counters by name of the node's end of a cable, as the other end sees them.
///
/// # Errors
/// If it can't be read.
pub(super) fn table() -> Result<BTreeMap<String, Counters>, NetworkError> {
    let io = |error| NetworkError::Io { path: TABLE.into(), error };
    let mut text = String::new();
    std::fs::File::open(TABLE).and_then(|file| file.take(LONGEST).read_to_string(&mut text)).map_err(io)?;
    Ok(read(&text))
}

/// Reads a table of links, each seen from its other end: what one received, the other has sent.
pub fn read(text: &str) -> BTreeMap<String, Counters> {
    let line = |line: &str| {
        let (name, numbers) = line.split_once(':')?;
        let numbers: Vec<u64> = numbers.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let counters = Counters {
            received_bytes: *numbers.get(SENT)?,
            received_packets: *numbers.get(SENT + 1)?,
            sent_bytes: *numbers.first()?,
            sent_packets: *numbers.get(1)?,
        };
        Some((name.trim().to_owned(), counters))
    };
    text.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_node_receives_is_what_the_workload_sent() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
                    face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs\n    \
                    lo:       0       0    0    0    0     0          0         0        0       0    0\n\
                    veth-0123456789: 700 7 0 0 0 0 0 0 900 9 0 0 0 0 0 0\n\
                    short: 1 2 3\n";
        let all = read(text);
        let expected =
            Counters { received_bytes: 900, received_packets: 9, sent_bytes: 700, sent_packets: 7 };
        assert_eq!(all["veth-0123456789"], expected);
        assert_eq!(all.len(), 2, "{all:?}");
    }
}
