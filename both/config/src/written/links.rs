//! Links: `[network.links.…]`, `[network.vlans.…]`, `[network.bonds.…]`, `[network.bridges.…]`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::settings::BondMode;
use crate::types::{Address, DriverName, Interface, LinkName, Mac, NamePattern, Named, RouteTarget};

/// Smallest and largest MTU: what IPv4 needs (RFC 791), and what a packet can say.
pub const MTU: std::ops::RangeInclusive<i64> = 68..=65535;

/// Metrics of routes.
const METRIC: std::ops::RangeInclusive<i64> = 0..=u32::MAX as i64;

/// Addresses and routes, which every kind of link may have. In documents its keys stand right in the link.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case")]
pub struct Addressing {
    /// Bytes of the largest packet; the driver's choice unless written otherwise.
    #[schemars(range(min = 68, max = 65535))]
    pub mtu: Option<u32>,
    /// Ask for an IPv4 address; `false` unless written otherwise.
    pub dhcp4: Option<bool>,
    /// Ask for an IPv6 address; `false` unless written otherwise.
    pub dhcp6: Option<bool>,
    /// Make IPv6 addresses from what routers advertise; `false` unless written otherwise.
    pub slaac: Option<bool>,
    /// Fixed addresses with the length of their prefix.
    pub addresses: Option<Vec<Interface>>,
    /// Metric of routes that DHCP and routers bring. Of links that compete the one with the lowest wins.
    pub metric: Option<u32>,
    /// Fixed routes.
    pub routes: Option<Vec<Route>>,
}

impl Read for Addressing {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            mtu: table.integer("mtu", MTU).map(|mtu| mtu as u32),
            dhcp4: table.boolean("dhcp4"),
            dhcp6: table.boolean("dhcp6"),
            slaac: table.boolean("slaac"),
            addresses: table.texts("addresses"),
            metric: table.integer("metric", METRIC).map(|metric| metric as u32),
            routes: table.table_list("routes"),
        }
    }
}

/// A route.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// Where to: a network, or `default` for everything in the family of `via`.
    #[schemars(with = "RouteTarget")]
    pub to: Option<RouteTarget>,
    /// The next hop. Without it the network is on the link itself.
    pub via: Option<Address>,
    /// The lower the better.
    pub metric: Option<u32>,
}

impl Read for Route {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            to: table.text("to"),
            via: table.text("via"),
            metric: table.integer("metric", METRIC).map(|metric| metric as u32),
        }
    }
}

/// A card, or several of them.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", extend("additionalProperties" = false))]
pub struct Link {
    /// Which cards are meant.
    #[schemars(rename = "match")]
    pub which: Option<Match>,
    /// Addresses and routes.
    #[schemars(flatten)]
    pub addressing: Addressing,
}

impl Read for Link {
    fn read(table: &mut Table<'_>) -> Self {
        Self { which: table.table("match"), addressing: Addressing::read(table) }
    }
}

/// Which cards are meant. Everything that is written has to fit.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Match {
    /// The kernel's name, in which `*` stands for anything.
    pub name: Option<NamePattern>,
    /// Address of the card: `52:54:00:12:34:56`.
    pub mac: Option<Mac>,
    /// Name of the driver.
    pub driver: Option<DriverName>,
}

impl Read for Match {
    fn read(table: &mut Table<'_>) -> Self {
        Self { name: table.text("name"), mac: table.text("mac"), driver: table.text("driver") }
    }
}

/// A VLAN.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", extend("additionalProperties" = false))]
pub struct Vlan {
    /// Name of the link below.
    pub link: Option<LinkName>,
    /// Number of the VLAN, 1 to 4094.
    #[schemars(range(min = 1, max = 4094))]
    pub id: Option<u16>,
    /// Addresses and routes.
    #[schemars(flatten)]
    pub addressing: Addressing,
}

impl Read for Vlan {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            link: table.text("link"),
            id: table.integer("id", 1..=4094).map(|id| id as u16),
            addressing: Addressing::read(table),
        }
    }
}

/// A bond.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", extend("additionalProperties" = false))]
pub struct Bond {
    /// Names of the cards in it.
    pub links: Option<Vec<LinkName>>,
    /// How they share the work; `active-backup` unless written otherwise.
    pub mode: Option<Named<BondMode>>,
    /// Addresses and routes.
    #[schemars(flatten)]
    pub addressing: Addressing,
}

impl Read for Bond {
    fn read(table: &mut Table<'_>) -> Self {
        Self { links: table.texts("links"), mode: table.text("mode"), addressing: Addressing::read(table) }
    }
}

/// A bridge.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", extend("additionalProperties" = false))]
pub struct Bridge {
    /// Names of the links in it; none unless written otherwise.
    pub links: Option<Vec<LinkName>>,
    /// Spanning tree protocol; `false` unless written otherwise.
    pub stp: Option<bool>,
    /// Addresses and routes.
    #[schemars(flatten)]
    pub addressing: Addressing,
}

impl Read for Bridge {
    fn read(table: &mut Table<'_>) -> Self {
        Self { links: table.texts("links"), stp: table.boolean("stp"), addressing: Addressing::read(table) }
    }
}
