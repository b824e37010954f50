//! What is said of the network, and the files of names that follow from it.

use std::net::IpAddr;

use super::Daemon;
use crate::files::{self, FileError};
use crate::names;
use crate::plan::{AddressOwner, Observed, Wanted};
use crate::state::{AddressState, LinkState, Source, State};

impl Daemon {
    /// The state, from what is there and what was wanted.
    pub(super) fn state(&self, observed: &Observed, wanted: &Wanted) -> State {
        let mut state = State { firewall: self.rules.state().clone(), ..State::default() };
        let Some(order) = &self.order else {
            state.problems.extend(self.order_problem.clone());
            return state;
        };
        state.generation = order.generation;
        for (name, link) in &wanted.links {
            let mut problems: Vec<&str> = Vec::new();
            problems.extend(
                wanted
                    .problems
                    .iter()
                    .filter(|one| one.link.as_ref() == Some(name))
                    .map(|one| one.text.as_str()),
            );
            problems
                .extend(self.failed.values().filter(|(link, _)| link == name).map(|(_, text)| text.as_str()));
            let addresses = observed.addresses.iter().filter(|address| address.link == *name);
            let addresses = addresses.filter_map(|address| {
                let source = match (link.addresses.get(&address.net), address.owner) {
                    (Some(source), _) => *source,
                    (None, AddressOwner::Slaac) => Source::Slaac,
                    (None, _) => return None,
                };
                let valid_until_ms = self.clients.lease_end(name, source);
                Some(AddressState { address: address.net, source, valid_until_ms })
            });
            let (dhcp4, dhcp6) = self.clients.phases(name);
            let link = LinkState {
                configured_as: Some(link.configured_as.clone()),
                addresses: addresses.collect(),
                dhcp4,
                dhcp6,
                problem: (!problems.is_empty()).then(|| problems.join("; ")),
            };
            state.links.insert(name.clone(), link);
        }
        state.problems.extend(self.order_problem.clone());
        state
            .problems
            .extend(self.unread.iter().map(|text| format!("the kernel says what can't be read: {text}")));
        state
            .problems
            .extend(wanted.problems.iter().filter(|one| one.link.is_none()).map(|one| one.text.clone()));
        let others = self.failed.values().filter(|(link, _)| !wanted.links.contains_key(link));
        state.problems.extend(others.map(|(_, text)| text.clone()));

        let takes = |index| {
            let link = observed.links.iter().find(|(_, link)| link.index == index);
            link.and_then(|(name, _)| wanted.links.get(name)).is_some_and(|link| link.ipv6.accept != 0)
        };
        let offered = self.clients.offered(takes);
        let network = &order.network;
        state.dns = pick(&network.dns, offered.dns);
        state.search = pick(&network.search, offered.search);
        state.ntp = pick(&network.ntp, offered.ntp.iter().map(IpAddr::to_string).collect());
        state.hostname = offered.hostname;
        state
    }

    /// Writes the files that programs read names from. Before the first order they are as good as empty.
    pub(super) fn write_names(&self, state: &State) -> Result<(), FileError> {
        let order = self.order.as_ref();
        let none = std::collections::BTreeMap::new();
        let name = order.and_then(|order| order.hostname.as_deref());
        let lines = order.map_or(&none, |order| &order.network.hosts);
        for (path, text) in [
            (names::RESOLV_PATH, names::resolv_conf(&state.dns, &state.search)),
            (names::HOSTS_PATH, names::hosts(name, lines)),
        ] {
            files::replace(&files::below(&self.options.root, path), text.as_bytes())?;
        }
        Ok(())
    }
}

/// What is configured, or else what is offered, each once.
fn pick<T: Clone + PartialEq>(configured: &[T], offered: Vec<T>) -> Vec<T> {
    if !configured.is_empty() {
        return configured.to_vec();
    }
    let mut unique: Vec<T> = Vec::with_capacity(offered.len());
    for one in offered {
        if !unique.contains(&one) {
            unique.push(one);
        }
    }
    unique
}
