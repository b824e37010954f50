//! Name servers that routers advertise (RFC 8106). The kernel hands them on once and forgets them.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use crate::netlink::Advertised;

/// Name servers that are remembered.
const MOST: usize = 32;

/// What routers advertised, by link and address, with the time at which each ends; `None` for never.
#[derive(Debug, Default)]
pub(super) struct Servers(BTreeMap<(u32, Ipv6Addr), Option<u64>>);

impl Servers {
    pub(super) fn take(&mut self, advertised: &Advertised, now_ms: u64) {
        for server in &advertised.servers {
            let key = (advertised.index, *server);
            match advertised.seconds {
                0 => self.0.remove(&key),
                u32::MAX => self.0.insert(key, None),
                seconds => self.0.insert(key, Some(now_ms + u64::from(seconds) * 1000)),
            };
        }
        // A router that lies all day must not fill the memory; what ends first goes first.
        while self.0.len() > MOST {
            let first = self.0.iter().min_by_key(|(_, end)| end.unwrap_or(u64::MAX));
            let Some(key) = first.map(|(key, _)| *key) else { break };
            self.0.remove(&key);
        }
    }

    /// Drops those that ended. True if there were any.
    pub(super) fn expire(&mut self, now_ms: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|_, end| end.is_none_or(|end| end > now_ms));
        self.0.len() != before
    }

    /// When the next one ends.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.0.values().copied().flatten().min()
    }

    /// Those of the links that `takes` names.
    pub(super) fn of(&self, takes: impl Fn(u32) -> bool) -> impl Iterator<Item = Ipv6Addr> {
        self.0.keys().filter(move |(index, _)| takes(*index)).map(|(_, server)| *server)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_end_when_routers_say_so_and_are_never_too_many() {
        let mut servers = Servers::default();
        let advertise = |seconds, from: u16, to: u16| Advertised {
            index: 2,
            seconds,
            servers: (from..to).map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last)).collect(),
        };
        servers.take(&advertise(10, 1, 3), 0);
        servers.take(&advertise(20, 2, 3), 0);
        assert_eq!((servers.deadline(), servers.expire(10_000)), (Some(10_000), true));
        assert_eq!(servers.of(|index| index == 2).count(), 1);
        assert_eq!(servers.of(|index| index == 3).count(), 0);
        servers.take(&advertise(0, 2, 3), 0);
        assert_eq!(servers.of(|_| true).count(), 0);
        servers.take(&advertise(u32::MAX, 1, 2), 0);
        servers.take(&advertise(60, 100, 300), 0);
        assert_eq!(servers.of(|_| true).count(), MOST);
        assert!(servers.of(|_| true).any(|server| server.segments()[7] == 1));
    }
}
