//! Which settings a card gets.

use std::collections::BTreeMap;

use corten_config::settings::{LinkKind, Match, Network};

use super::{Kind, Link, Observed};

/// Names of links in the configuration by the kernel's names of those that get their settings. Each card has one at
/// most: what names it exactly goes before what fits by MAC, that before what fits by driver, and that before a pattern,
/// of which the one that says more goes first; then the first by name.
pub(super) fn cards<'a>(observed: &'a Observed, network: &'a Network) -> BTreeMap<&'a str, &'a str> {
    let mut found = BTreeMap::new();
    for (kernel, link) in &observed.links {
        let settings = network.links.iter().filter_map(|(name, settings)| match &settings.kind {
            LinkKind::Physical(wanted) if fits(wanted, kernel, link) => Some((rank(wanted), name.as_str())),
            _ => None,
        });
        if let Some((_, name)) = settings.min() {
            found.insert(kernel.as_str(), name);
        }
    }
    found
}

/// The less the better: how exactly a card is meant, and how little a pattern leaves open.
fn rank(wanted: &Match) -> (u8, usize) {
    let pattern = wanted.name.as_deref().filter(|name| name.contains('*'));
    let said = pattern.map_or(0, |pattern| pattern.bytes().filter(|byte| *byte != b'*').count());
    let exactly = match wanted {
        Match { name: Some(_), .. } if pattern.is_none() => 0,
        Match { mac: Some(_), .. } => 1,
        Match { driver: Some(_), .. } => 2,
        Match { .. } => 3,
    };
    (exactly, usize::MAX - said)
}

fn fits(wanted: &Match, kernel: &str, link: &Link) -> bool {
    // Ends of containers and tunnels are meant only by who names them exactly: `*` means cards.
    let is_meant = match link.kind {
        Kind::Card => true,
        Kind::Other => wanted.name.as_deref() == Some(kernel),
        Kind::Loopback | Kind::Vlan { .. } | Kind::Bond { .. } | Kind::Bridge { .. } => false,
    };
    let Match { name, mac, driver } = wanted;
    is_meant
        && link.mac.is_some()
        && (name.is_some() || mac.is_some() || driver.is_some())
        && name.as_deref().is_none_or(|pattern| fits_pattern(pattern.as_bytes(), kernel.as_bytes()))
        && mac
            .as_deref()
            .is_none_or(|mac| link.permanent.or(link.mac).is_some_and(|bytes| text(bytes) == mac))
        && driver.as_deref().is_none_or(|driver| link.driver.as_deref() == Some(driver))
}

fn text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// Whether `name` is like `pattern`, in which `*` stands for any bytes. Takes time by the product of the lengths.
fn fits_pattern(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut in_name) = (0, 0);
    // Where to go on if what follows the last `*` does not fit.
    let mut again = None;
    loop {
        match (pattern.get(at), name.get(in_name)) {
            (Some(b'*'), _) => {
                again = Some((at + 1, in_name));
                at += 1;
            }
            (None, None) => return true,
            (Some(one), Some(other)) if one == other => {
                at += 1;
                in_name += 1;
            }
            _ => match again {
                Some((after, from)) if from < name.len() => {
                    again = Some((after, from + 1));
                    (at, in_name) = (after, from + 1);
                }
                _ => return false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_a_card_more_exactly_goes_before_a_pattern_that_fits_all() {
        let name = |name: &str| Match { name: Some(name.into()), ..Match::default() };
        let mac = Match { mac: Some("52:54:00:00:00:01".into()), ..Match::default() };
        let driver = Match { driver: Some("virtio_net".into()), ..Match::default() };
        let order = [name("eth0"), mac, driver, name("eth*"), name("e*"), name("*")];
        assert!(order.is_sorted_by(|a, b| rank(a) < rank(b)), "{order:?}");
    }

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("eth0", "eth0"),
            ("*", "x"),
            ("en*", "enp1s0"),
            ("e*0", "enp1s0"),
            ("*p*s*", "enp1s0"),
            ("**", ""),
        ] {
            assert!(fits_pattern(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
        for (pattern, name) in
            [("eth0", "eth01"), ("en*", "eth0"), ("*1", "enp1s0"), ("", "a"), ("e*z*0", "enp1s0")]
        {
            assert!(!fits_pattern(pattern.as_bytes(), name.as_bytes()), "{pattern} {name}");
        }
    }
}
