//! `[network]`.

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use super::{Bond, Bridge, Link, Vlan};
use crate::types::{Address, DomainName, Host, InterfaceName, LinkName, NoProxy, ProxyUrl};

/// Links, addresses, names and time.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Network {
    /// Name servers, three at most. Without any those are asked that DHCP and routers name.
    pub dns: Option<Vec<Address>>,
    /// Domains in which names without a dot are looked for.
    pub search: Option<Vec<DomainName>>,
    /// NTP servers. Without any those are asked that DHCP names.
    pub ntp: Option<Vec<Host>>,
    /// Lines of the hosts file: addresses and the names that they have.
    pub hosts: Option<BTreeMap<Address, Vec<DomainName>>>,
    /// How hosts of the web are reached; directly unless written otherwise.
    pub proxy: Option<Proxy>,
    /// Cards, by names of your choice.
    pub links: Option<BTreeMap<LinkName, Link>>,
    /// VLANs, by the names that they get: 802.1Q on top of another link.
    pub vlans: Option<BTreeMap<InterfaceName, Vlan>>,
    /// Bonds, by the names that they get: several cards as one link.
    pub bonds: Option<BTreeMap<InterfaceName, Bond>>,
    /// Bridges, by the names that they get: switches made of links.
    pub bridges: Option<BTreeMap<InterfaceName, Bridge>>,
}

impl Read for Network {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            dns: table.texts("dns"),
            search: table.texts("search"),
            ntp: table.texts("ntp"),
            hosts: table.texts_map("hosts"),
            proxy: table.table("proxy"),
            links: table.tables("links"),
            vlans: table.tables("vlans"),
            bonds: table.tables("bonds"),
            bridges: table.tables("bridges"),
        }
    }
}

/// How hosts of the web are reached: registries of images and their mirrors.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Proxy {
    /// For hosts that are spoken to in the clear: `http://proxy.example.org:3128`, or with a user
    /// `http://user:password@proxy.example.org:3128`. With a user it is a secret: the node never shows it.
    pub http: Option<ProxyUrl>,
    /// For hosts that are spoken to over TLS, in the same form.
    pub https: Option<ProxyUrl>,
    /// What is reached directly: names with all names below them, `.example.org` for what is below alone, addresses,
    /// networks.
    pub no_proxy: Option<Vec<NoProxy>>,
}

impl Read for Proxy {
    fn read(table: &mut Table<'_>) -> Self {
        Self { http: table.secret("http"), https: table.secret("https"), no_proxy: table.texts("no-proxy") }
    }
}
