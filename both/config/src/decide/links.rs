//! Links: what they are made of, and whether that can be.

use std::collections::{BTreeMap, BTreeSet};

use corten_document::{Court, KeyPath, Problem};

use super::circles::find_circles;
use super::placed::text_keys;
use super::{addressing, demand};
use crate::settings::{Link, LinkKind, Match};
use crate::types::LinkName;
use crate::written::{self, entries};

/// Tables of links, in the order in which they are read.
pub(super) const TABLES: [&str; 4] = ["links", "vlans", "bonds", "bridges"];

/// A link while it is decided.
pub(super) struct Draft<'a> {
    /// Its key: `network.vlans.lan10`.
    pub(super) key: KeyPath,
    /// What it is made of, as far as that can be said.
    pub(super) kind: LinkKind,
    /// The keys that name the links of a bond or bridge.
    pub(super) members: Vec<KeyPath>,
    /// Its addresses and routes, as written.
    pub(super) written: &'a written::Addressing,
}

impl Draft<'_> {
    /// The links that it lies on, each with the key that names it.
    pub(super) fn below(&self) -> Vec<(&str, KeyPath)> {
        match &self.kind {
            LinkKind::Physical(_) => Vec::new(),
            LinkKind::Vlan { link, .. } => vec![(link, self.key.key("link"))],
            LinkKind::Bond { links, .. } | LinkKind::Bridge { links, .. } => {
                links.iter().map(String::as_str).zip(self.members.iter().cloned()).collect()
            }
        }
    }
}

/// The links by their names.
pub(super) type Drafts<'a> = BTreeMap<&'a str, Draft<'a>>;

/// Most links of a configuration: far above what machines have. The checks walk from link to link.
const LINKS: usize = 256;

pub(super) fn decide(written: &written::Network, court: &mut Court<'_>) -> BTreeMap<String, Link> {
    let drafts = drafts(written, court);
    if drafts.len() > LINKS {
        let message = format!("a configuration has {LINKS} links at most, this one {}", drafts.len());
        court.complain(&Problem::Conflict(message), &KeyPath::of(&["network"]), None);
        return BTreeMap::new();
    }
    names_are_known(&drafts, court);
    masters(&drafts, court);
    circles(&drafts, court);
    vlan_ids(&drafts, court);
    addressing::check(&drafts, court);
    drafts
        .into_iter()
        .map(|(name, draft)| {
            let addressing = addressing::decide(draft.written, court, &draft.key);
            (name.to_owned(), Link { kind: draft.kind, mtu: draft.written.mtu, addressing })
        })
        .collect()
}

fn drafts<'a>(written: &'a written::Network, court: &mut Court<'_>) -> Drafts<'a> {
    let mut drafts = Drafts::new();
    let mut add = |name: &'a str, kind, written, table, court: &mut Court<'_>| {
        let key = KeyPath::of(&["network", table, name]);
        let members = text_keys::<LinkName>(&key.key("links"), court);
        let draft = Draft { key: key.clone(), kind, members, written };
        if let Some(first) = drafts.insert(name, draft) {
            let message = format!("two links are named `{name}`");
            court.conflict(message, &key, ("the other is here", &first.key));
        }
    };
    for (name, link) in entries(written.links.as_ref()) {
        let which = which(link.which.as_ref(), &KeyPath::of(&["network", "links", name.as_str()]), court);
        add(name.as_str(), LinkKind::Physical(which), &link.addressing, "links", court);
    }
    for (name, vlan) in entries(written.vlans.as_ref()) {
        let key = KeyPath::of(&["network", "vlans", name.as_str()]);
        let link = demand(vlan.link.as_ref(), &key.key("link"), "name the link that the VLAN is on", court);
        let id = demand(vlan.id, &key.key("id"), "write the number of the VLAN: 1 to 4094", court);
        let link = link.map(ToString::to_string).unwrap_or_default();
        let kind = LinkKind::Vlan { link, id: id.unwrap_or_default() };
        add(name.as_str(), kind, &vlan.addressing, "vlans", court);
    }
    for (name, bond) in entries(written.bonds.as_ref()) {
        let key = KeyPath::of(&["network", "bonds", name.as_str(), "links"]);
        let links = demand(bond.links.as_ref(), &key, "name the cards of the bond", court);
        if links.is_some_and(Vec::is_empty) {
            let message = format!("the bond `{name}` is made of no card");
            court.complain(&Problem::Conflict(message), &key, None);
        }
        let mode = bond.mode.map(|mode| mode.0).unwrap_or_default();
        let kind = LinkKind::Bond { links: texts(links), mode };
        add(name.as_str(), kind, &bond.addressing, "bonds", court);
    }
    for (name, bridge) in entries(written.bridges.as_ref()) {
        let links = texts(bridge.links.as_ref());
        let kind = LinkKind::Bridge { links, stp: bridge.stp.unwrap_or(false) };
        add(name.as_str(), kind, &bridge.addressing, "bridges", court);
    }
    drafts
}

fn texts<T: ToString>(list: Option<&Vec<T>>) -> Vec<String> {
    list.into_iter().flatten().map(ToString::to_string).collect()
}

fn which(written: Option<&written::Match>, link: &KeyPath, court: &mut Court<'_>) -> Match {
    let key = link.key("match");
    let written = demand(written, &key, "say which card: `match = { mac = \"52:54:00:12:34:56\" }`", court);
    let empty = court.origins.tree().at(&key).and_then(|node| node.entries()).is_some_and(BTreeMap::is_empty);
    if empty {
        let help = "write `name`, `mac` or `driver`".to_owned();
        court.complain(&Problem::Conflict("a match that fits every card".into()), &key, Some(help));
    }
    Match {
        name: written.and_then(|which| which.name.as_ref()).map(ToString::to_string),
        mac: written.and_then(|which| which.mac.as_ref()).map(|mac| mac.get().clone()),
        driver: written.and_then(|which| which.driver.as_ref()).map(ToString::to_string),
    }
}

fn names_are_known(drafts: &Drafts<'_>, court: &mut Court<'_>) {
    let tree = court.origins.tree();
    // A link with a bad name is there all the same: that its name is bad was said already.
    let there: BTreeSet<&str> = TABLES
        .iter()
        .filter_map(|table| tree.at(&KeyPath::of(&["network", table])).and_then(|node| node.entries()))
        .flat_map(BTreeMap::keys)
        .map(String::as_str)
        .collect();
    for draft in drafts.values() {
        for (name, key) in draft.below() {
            if !name.is_empty() && !there.contains(name) {
                court.unresolved(&key, name, there.iter().copied());
            }
        }
    }
}

/// Each link is a member of one bond or bridge at most, of a kind that fits, and has no addresses of its own.
fn masters(drafts: &Drafts<'_>, court: &mut Court<'_>) {
    let mut masters: BTreeMap<&str, (&str, KeyPath)> = BTreeMap::new();
    let is_master = |draft: &Draft<'_>| matches!(draft.kind, LinkKind::Bond { .. } | LinkKind::Bridge { .. });
    for (master, draft) in drafts.iter().filter(|(_, draft)| is_master(draft)) {
        for (name, key) in draft.below() {
            let Some((member_name, member)) = drafts.get_key_value(name) else { continue };
            if let Some((other, _)) = masters.get(member_name) {
                let message = format!("`{name}` is in `{other}` already, and can't be in `{master}` as well");
                court.complain(&Problem::Conflict(message), &key, None);
                continue;
            }
            masters.insert(member_name, (master, key.clone()));
            member_kind(master, draft, (name, member), &key, court);
            if let Some(own) = addressing::first_key(member, court) {
                let message =
                    format!("`{name}` is in `{master}` and can't have addresses or routes of its own");
                let origin = court.origins.of(&key);
                let diagnostic = addressing::complaint(message, &own, court)
                    .with_help(format!("write them at `{}`", draft.key))
                    .with_other(format!("part of `{master}` by this"), origin);
                court.put(diagnostic);
            }
        }
    }
    for (name, draft) in drafts {
        let LinkKind::Vlan { link, .. } = &draft.kind else { continue };
        let bond = masters.get(link.as_str()).filter(|(master, _)| {
            drafts.get(master).is_some_and(|draft| matches!(draft.kind, LinkKind::Bond { .. }))
        });
        if let Some((bond, _)) = bond {
            let message =
                format!("`{link}` is in the bond `{bond}`, and the VLAN `{name}` can't be on it alone");
            let help = format!("write `link = \"{bond}\"`");
            court.complain(&Problem::Conflict(message), &draft.key.key("link"), Some(help));
        }
    }
}

fn member_kind(
    master: &str,
    draft: &Draft<'_>,
    (name, member): (&str, &Draft<'_>),
    key: &KeyPath,
    court: &mut Court<'_>,
) {
    let message = match (&draft.kind, &member.kind) {
        (LinkKind::Bond { .. }, LinkKind::Physical(_)) => return,
        (LinkKind::Bond { .. }, _) => format!("`{name}` is not a card, and a bond is made of cards"),
        (_, LinkKind::Bridge { .. }) if name != master => {
            format!("`{name}` is a bridge, and can't be in another one")
        }
        _ => return,
    };
    court.complain(&Problem::Conflict(message), key, None);
}

/// Links that lie on each other in a circle.
fn circles(drafts: &Drafts<'_>, court: &mut Court<'_>) {
    let below = |draft: &Draft<'_>| {
        let below = draft.below();
        below.into_iter().filter_map(|(name, _)| drafts.get_key_value(name).map(|(name, _)| *name)).collect()
    };
    let graph: BTreeMap<&str, Vec<&str>> = drafts.iter().map(|(name, draft)| (*name, below(draft))).collect();
    for circle in find_circles(&graph) {
        let shown: Vec<String> = circle.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("links lie on each other in a circle: {}", shown.join(" on "));
        let key = circle.first().and_then(|name| drafts.get(name)).map(|draft| draft.key.clone());
        court.complain(&Problem::Conflict(message), &key.unwrap_or_default(), None);
    }
}

fn vlan_ids(drafts: &Drafts<'_>, court: &mut Court<'_>) {
    let mut known: BTreeMap<(&str, u16), &KeyPath> = BTreeMap::new();
    for draft in drafts.values() {
        let LinkKind::Vlan { link, id } = &draft.kind else { continue };
        if *id == 0 || link.is_empty() {
            continue;
        }
        if let Some(first) = known.insert((link, *id), &draft.key) {
            let message = format!("two VLANs on `{link}` have the number {id}");
            court.conflict(message, &draft.key.key("id"), ("the other is here", &first.key("id")));
        }
    }
}
