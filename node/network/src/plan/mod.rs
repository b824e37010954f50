//! What to do to the kernel so that it is as ordered: a pure function from what is there and what is wanted.
//!
//! Steps are found phase by phase, each on what the phases before it will have left ([`Observed::apply`]): taking a link
//! down to put it into a bond drops its routes, removing the last address does too, and what is dropped has to come
//! again. The same effects are the model that the tests plan against.

mod action;
mod effects;
mod matching;
mod observed;
mod wanted;

pub use action::Action;
pub use observed::{Address, AddressOwner, Ipv6, Kind, Link, Observed, Route, RouteOwner};
pub use wanted::{LinkLease, Make, Problem, Wanted, WantedLink};

/// The steps from `observed` to `wanted`, in order. Empty if there is nothing to do.
pub fn plan(observed: &Observed, wanted: &Wanted) -> Vec<Action> {
    let phases: [fn(&Observed, &Wanted) -> Vec<Action>; 11] = [
        unwanted_routes,
        unwanted_addresses,
        unwanted_links,
        missing_links,
        members,
        sizes,
        spanning_trees,
        router_advertisements,
        links_down,
        missing_addresses,
        missing_routes,
    ];
    let mut now = observed.clone();
    let mut actions = Vec::new();
    for phase in phases {
        let steps = phase(&now, wanted);
        for step in &steps {
            now.apply(step);
        }
        actions.extend(steps);
    }
    actions
}

fn unwanted_routes(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let is_ours = |route: &&Route| {
        let is_wanted = wanted.links.contains_key(&route.link);
        let is_left = now.links.get(&route.link).is_some_and(|link| link.managed || link.ours);
        match route.owner {
            RouteOwner::Static | RouteOwner::Dhcp => is_wanted || is_left,
            RouteOwner::Router => is_wanted,
            RouteOwner::Foreign => false,
        }
    };
    let routes = now.routes.iter().filter(is_ours).filter(|route| !wanted.has_route(route));
    routes.cloned().map(Action::RemoveRoute).collect()
}

fn unwanted_addresses(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let unwanted = now.addresses.iter().filter(|address| {
        let link = wanted.links.get(&address.link);
        match address.owner {
            AddressOwner::Ours => link.is_none_or(|link| !link.addresses.contains_key(&address.net)),
            AddressOwner::Slaac => link.is_some_and(|link| link.ipv6.autoconf == 0),
            AddressOwner::Foreign => false,
        }
    });
    unwanted.map(|one| Action::RemoveAddress { link: one.link.clone(), net: one.net }).collect()
}

/// Links of our own making that nobody wants, or that can't be changed into what is wanted.
fn unwanted_links(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let is_wanted = |name: &str, link: &Link| {
        let make = wanted.links.get(name).and_then(|wanted| wanted.make.as_ref());
        make.is_some_and(|make| make.can_stay(&link.kind))
    };
    let ours = now.links.iter().filter(|(_, link)| link.ours);
    let mut deleted: Vec<&str> =
        ours.filter(|(name, link)| !is_wanted(name, link)).map(|(name, _)| name.as_str()).collect();
    // A VLAN ends with the link below it, and would then be missing when its turn comes.
    let is_above = |name: &str| match now.links.get(name).map(|link| &link.kind) {
        Some(Kind::Vlan { below: Some(below), .. }) => Some(below.as_str()),
        _ => None,
    };
    let all = deleted.clone();
    let ends_anyway = |name: &str| {
        std::iter::successors(is_above(name), |below| is_above(below))
            .take(now.links.len())
            .any(|below| all.contains(&below))
    };
    deleted.retain(|name| !ends_anyway(name));
    deleted.into_iter().map(|name| Action::DeleteLink { link: name.to_owned() }).collect()
}

fn missing_links(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let mut actions = Vec::new();
    for name in &wanted.order {
        let make = wanted.links.get(name).and_then(|link| link.make.clone());
        if let Some(make) = make.filter(|_| !now.links.contains_key(name)) {
            actions.push(Action::CreateLink { link: name.clone(), make });
        }
    }
    actions
}

fn members(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let is_ours = |master: &str| now.links.get(master).is_some_and(|link| link.ours);
    let mut released = Vec::new();
    let mut taken = Vec::new();
    for (name, link) in &now.links {
        let target = match wanted.links.get(name) {
            Some(wanted) => wanted.master.as_deref(),
            // What somebody else put into a bridge of ours stays there.
            None if link.managed => None,
            None => continue,
        };
        if link.master.as_deref() == target {
            continue;
        }
        match target {
            None if link.master.as_deref().is_some_and(is_ours) => {
                released.push(Action::SetMaster { link: name.clone(), master: None });
            }
            None => {}
            Some(master) => {
                let is_bond =
                    wanted.links.get(master).is_some_and(|link| matches!(link.make, Some(Make::Bond { .. })));
                if is_bond && link.up {
                    taken.push(Action::SetDown { link: name.clone() });
                }
                taken.push(Action::SetMaster { link: name.clone(), master: Some(master.to_owned()) });
            }
        }
    }
    released.extend(taken);
    released
}

fn sizes(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let mut now = now.clone();
    let mut actions = Vec::new();
    // Upwards, since a VLAN can't be larger than what is below it, and shrinks with it.
    for (name, link) in wanted.in_order() {
        let there = now.links.get(name).map(|link| link.mtu);
        if let (Some(mtu), Some(there)) = (link.mtu, there)
            && mtu != there
        {
            let action = Action::SetMtu { link: name.to_owned(), mtu };
            now.apply(&action);
            actions.push(action);
        }
    }
    actions
}

fn spanning_trees(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let mut actions = Vec::new();
    for (name, link) in wanted.in_order() {
        if let (Some(Make::Bridge { stp }), Some(Kind::Bridge { stp: there })) =
            (&link.make, now.links.get(name).map(|link| &link.kind))
            && stp != there
        {
            actions.push(Action::SetSpanningTree { link: name.to_owned(), stp: *stp });
        }
    }
    actions
}

fn router_advertisements(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let mut actions = Vec::new();
    for (name, link) in wanted.in_order() {
        let there = now.links.get(name).and_then(|link| link.ipv6);
        if there.is_some_and(|there| there != link.ipv6) {
            actions.push(Action::SetIpv6 { link: name.to_owned(), ipv6: link.ipv6 });
        }
    }
    actions
}

fn links_down(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let is_down = |name: &&str| now.links.get(*name).is_some_and(|link| !link.up);
    // What programs of the node say to each other goes over the loopback, whatever the configuration.
    let loopback =
        now.links.iter().filter(|(_, link)| link.kind == Kind::Loopback).map(|(name, _)| name.as_str());
    let all = loopback.chain(wanted.in_order().map(|(name, _)| name));
    all.filter(is_down).map(|name| Action::SetUp { link: name.to_owned() }).collect()
}

fn missing_addresses(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let mut actions = Vec::new();
    for (name, link) in wanted.in_order().filter(|(name, _)| now.links.contains_key(*name)) {
        let missing = link.addresses.keys().filter(|net| !now.has_address(name, **net));
        actions.extend(missing.map(|net| Action::AddAddress { link: name.to_owned(), net: *net }));
    }
    actions
}

fn missing_routes(now: &Observed, wanted: &Wanted) -> Vec<Action> {
    let mut missing: Vec<&Route> = wanted
        .links
        .iter()
        .filter(|(name, _)| now.links.contains_key(*name))
        .flat_map(|(_, link)| &link.routes)
        .filter(|route| !now.has_route(route))
        .collect();
    // A next hop may be reachable by another of these routes alone.
    missing.sort_by_key(|route| route.via.is_some());
    missing.into_iter().cloned().map(Action::AddRoute).collect()
}

impl Make {
    /// Whether a link of this kind is, or can be changed into, what is wanted.
    fn can_stay(&self, kind: &Kind) -> bool {
        match (self, kind) {
            (Self::Vlan { below, id }, Kind::Vlan { below: there, id: number }) => {
                there.as_ref() == Some(below) && number == id
            }
            // The mode of a bond that has members can't be changed.
            (Self::Bond { mode }, Kind::Bond { mode: there }) => *there == Some(*mode),
            (Self::Bridge { .. }, Kind::Bridge { .. }) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
