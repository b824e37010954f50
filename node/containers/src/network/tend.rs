//! What has to be looked after while workloads run: the name server may die, the node's own name servers may change, and
//! the node may come into a network that a bridge has taken.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::error::NetworkError;
use super::ledger::{Bridge, Ledger, Place, Stage};
use super::name_server;
use super::networks::{Networks, text_of};
use super::subnets::is_free;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tended {
    /// The name server had died and was started again.
    pub restarted_name_server: bool,
    /// The node's resolv.conf is another one than before: what workloads were given of it is old.
    pub servers_changed: bool,
    /// Workloads on bridges whose subnet the node came to use for something else. They can't reach that, nor can the
    /// node. Once all workloads of a bridge have left, it gets another subnet; who joins before that is refused.
    pub displaced: Vec<String>,
}

impl Networks {
    /// Looks after what runs. Costs a look at a few files and one list of addresses and routes.
    ///
    /// # Errors
    /// If the name server can't be started again, or the kernel tells nothing.
    pub fn tend(&mut self) -> Result<Tended, NetworkError> {
        let mut tended = Tended::default();
        let now = text_of(&self.places.resolv_conf)?;
        if now != self.resolv_conf {
            self.resolv_conf = now;
            tended.servers_changed = true;
            name_server::read_again(&self.places)?;
        }
        if self.ledger.on_bridges().next().is_none() {
            return Ok(tended);
        }
        tended.restarted_name_server = name_server::ensure(&self.places)?;
        self.moving = clashing(&self.ledger, &self.surroundings()?.used);
        let mut has_released = false;
        for (name, stage) in members(&self.ledger, &self.moving) {
            match stage {
                // A place that is only kept would keep the bridge.
                Stage::Reserved => {
                    self.ledger.release(&name);
                    has_released = true;
                }
                Stage::Begun | Stage::Joined => tended.displaced.push(name),
            }
        }
        if has_released {
            self.save()?;
        }
        Ok(tended)
    }
}

/// Bridges whose subnets overlap with networks of the node.
fn clashing(ledger: &Ledger, used: &[IpNet]) -> BTreeSet<String> {
    let clash =
        |bridge: &Bridge| !is_free(IpNet::V4(bridge.v4), used) || !is_free(IpNet::V6(bridge.v6), used);
    let bridges = ledger.bridges.iter().filter(|(_, bridge)| clash(bridge));
    bridges.map(|(name, _)| name.clone()).collect()
}

/// Workloads on some bridges, and how far they are.
fn members(ledger: &Ledger, bridges: &BTreeSet<String>) -> Vec<(String, Stage)> {
    let is_on = |place: &Place| matches!(place, Place::Bridge { name, .. } if bridges.contains(name));
    let members = ledger.members.iter().filter(|(_, member)| is_on(&member.place));
    members.map(|(name, member)| (name.clone(), member.stage)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Member;
    use super::*;

    #[test]
    fn whoever_is_where_the_node_came_to_be_is_named() {
        let mut ledger = Ledger::default();
        for (name, third) in [("one", 0), ("two", 1)] {
            let bridge = Bridge {
                v4: format!("10.89.{third}.0/24").parse().expect("a network"),
                v6: format!("fd00:0:0:{third}::/64").parse().expect("a network"),
            };
            ledger.bridges.insert(name.into(), bridge);
            for (workload, stage) in [("there", Stage::Joined), ("later", Stage::Reserved)] {
                let place = Place::Bridge { name: name.into(), number: 2 };
                let member = Member { place, aliases: Vec::new(), ports: Vec::new(), stage };
                ledger.members.insert(format!("{name}-{workload}"), member);
            }
        }
        let used = |text: &str| vec![text.parse::<IpNet>().expect("a network")];
        let bridges = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert_eq!(clashing(&ledger, &used("0.0.0.0/0")), bridges(&[]));
        assert_eq!(clashing(&ledger, &used("10.89.1.128/25")), bridges(&["two"]));
        assert_eq!(clashing(&ledger, &used("10.0.0.0/8")), bridges(&["one", "two"]));
        assert_eq!(clashing(&ledger, &used("fd00::/16")), bridges(&["one", "two"]));
        let found = members(&ledger, &bridges(&["two"]));
        assert_eq!(found, [("two-later".into(), Stage::Reserved), ("two-there".into(), Stage::Joined)]);
    }
}
