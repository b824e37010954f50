//! Names and time, and the links as a whole.

use std::collections::BTreeMap;
use std::net::IpAddr;

use corten_document::{Court, KeyPath, Problem};

use super::placed::text_keys;
use super::{links, proxy, values};
use crate::settings::Network;
use crate::types::{Address, DomainName};
use crate::written;

/// Name servers that programs look at: MAXNS of resolv.conf(5).
const DNS: usize = 3;

pub(super) fn decide(written: &written::Network, court: &mut Court<'_>) -> Network {
    let top = KeyPath::of(&["network"]);
    let dns = values(written.dns.as_deref());
    if dns.len() > DNS {
        let message = format!("programs ask {DNS} name servers at most, these are {}", dns.len());
        court.complain(&Problem::Conflict(message), &top.key("dns"), None);
    }
    twice(written.dns.as_deref(), &top.key("dns"), court);
    Network {
        links: links::decide(written, court),
        dns,
        search: written.search.iter().flatten().map(ToString::to_string).collect(),
        hosts: hosts(written, &top.key("hosts"), court),
        ntp: values(written.ntp.as_deref()),
        proxy: proxy::decide(written.proxy.as_ref(), court),
    }
}

/// The same address in two ways of writing.
fn twice(list: Option<&[Address]>, key: &KeyPath, court: &mut Court<'_>) {
    let list = list.unwrap_or_default();
    for (n, (item, address)) in text_keys::<Address>(key, court).iter().zip(list).enumerate() {
        if list[..n].contains(address) {
            let message = format!("{} stands twice in `{key}`", address.get());
            court.complain(&Problem::Conflict(message), item, None);
        }
    }
}

/// Names by addresses. The tree is asked for the keys as they were written, since one address has several forms.
fn hosts(written: &written::Network, key: &KeyPath, court: &mut Court<'_>) -> BTreeMap<IpAddr, Vec<String>> {
    let tree = court.origins.tree();
    let keys: Vec<String> = tree
        .at(key)
        .and_then(|node| node.entries())
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect();
    let mut forms: BTreeMap<IpAddr, &str> = BTreeMap::new();
    for form in &keys {
        let Ok(address) = form.parse::<IpAddr>() else { continue };
        if let Some(first) = forms.insert(address, form) {
            court.conflict(
                format!("{first} and {form} are one address"),
                &key.key(form),
                ("the other is here", &key.key(first)),
            );
        }
    }
    let mut owners: BTreeMap<(&DomainName, bool), IpAddr> = BTreeMap::new();
    let mut hosts = BTreeMap::new();
    for (address, names) in written::entries(written.hosts.as_ref()) {
        let address = *address.get();
        let form = forms.get(&address).copied().unwrap_or_default();
        if names.is_empty() {
            let message = format!("{form} has no name");
            let help = "take the line out, or write a name".to_owned();
            court.complain(&Problem::Conflict(message), &key.key(form), Some(help));
        }
        for (item, name) in text_keys::<DomainName>(&key.key(form), court).iter().zip(names) {
            if let Some(other) = owners.insert((name, address.is_ipv4()), address) {
                let message = format!("`{name}` is {other} already");
                court.complain(&Problem::Conflict(message), item, None);
            }
        }
        hosts.insert(address, names.iter().map(ToString::to_string).collect());
    }
    hosts
}
