//! Links, addresses, routes and sockets of a node.

use corten_api::v1;
use serde::Serialize;

use super::facts::{facts, some};
use super::output::View;
use super::table::{Cell, Table, Tone, Width, number, printable, text};
use super::units::{duration, size};

/// The links of a node, and whom it asks for names and the time. Fields are those of `corten.v1.ListLinksResponse`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Links {
    pub(crate) links: Vec<Link>,
    dns: Vec<String>,
    search: Vec<String>,
    ntp: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Link {
    index: u32,
    pub(crate) name: String,
    pub(crate) kind: String,
    mac: Option<String>,
    mtu: u32,
    pub(crate) state: String,
    driver: Option<String>,
    configured_as: Option<String>,
    pub(crate) addresses: Vec<String>,
    pub(crate) received_bytes: u64,
    pub(crate) sent_bytes: u64,
    received_errors: u64,
    sent_errors: u64,
    pub(crate) problem: Option<String>,
}

/// The addresses of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Addresses(Vec<Address>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Address {
    link: String,
    address: String,
    scope: String,
    source: String,
    valid_seconds: Option<u32>,
}

/// The routes of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Routes(Vec<Route>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Route {
    destination: String,
    via: Option<String>,
    link: Option<String>,
    metric: u32,
    source: String,
    preferred_source: Option<String>,
}

/// The sockets of a node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Sockets(Vec<Socket>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Socket {
    protocol: String,
    local: String,
    remote: Option<String>,
    state: String,
    uid: u32,
}

fn shown(text: Option<&String>) -> Cell {
    text.map(|text| printable(text)).unwrap_or_default().into()
}

impl Link {
    /// The word for its state, in its tone.
    pub(crate) fn state(&self) -> Cell {
        let tone = match self.state.as_str() {
            "up" => Tone::Good,
            // What has no carrier of its own, as loopback, never says more than this.
            "unknown" => Tone::Plain,
            _ => Tone::Waiting,
        };
        Cell::of(printable(&self.state), tone)
    }
}

impl From<v1::ListLinksResponse> for Links {
    fn from(response: v1::ListLinksResponse) -> Self {
        let link = |link: v1::Link| Link {
            index: link.index,
            name: link.name,
            kind: link.kind,
            mac: some(link.mac),
            mtu: link.mtu,
            state: link.state,
            driver: some(link.driver),
            configured_as: some(link.configured_as),
            addresses: link.addresses,
            received_bytes: link.received_bytes,
            sent_bytes: link.sent_bytes,
            received_errors: link.received_errors,
            sent_errors: link.sent_errors,
            problem: some(link.problem),
        };
        Self {
            links: response.links.into_iter().map(link).collect(),
            dns: response.dns,
            search: response.search,
            ntp: response.ntp,
        }
    }
}

impl View for Links {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("LINK"),
            text("AS"),
            text("KIND").spare(),
            text("STATE"),
            number("MTU").spare(),
            text("MAC").spare(),
            text("ADDRESSES"),
            number("RECEIVED").spare(),
            number("SENT").spare(),
            number("ERRORS").spare(),
            text("PROBLEM"),
        ]);
        for link in &self.links {
            let errors = link.received_errors.saturating_add(link.sent_errors);
            table.row([
                printable(&link.name).into(),
                shown(link.configured_as.as_ref()),
                printable(&link.kind).into(),
                link.state(),
                link.mtu.to_string().into(),
                shown(link.mac.as_ref()),
                printable(&link.addresses.join(" ")).into(),
                size(link.received_bytes).into(),
                size(link.sent_bytes).into(),
                if errors == 0 { "".into() } else { Cell::of(errors.to_string(), Tone::Waiting) },
                Cell::of(printable(link.problem.as_deref().unwrap_or_default()), Tone::Bad),
            ]);
        }
        table
    }

    fn alone(&self, width: Width) -> String {
        let servers = facts([
            ("dns", printable(&self.dns.join(" "))),
            ("search", printable(&self.search.join(" "))),
            ("ntp", printable(&self.ntp.join(" "))),
        ]);
        let table = self.table().render(width);
        if servers.is_empty() { table } else { format!("{table}\n{servers}") }
    }
}

impl From<v1::ListAddressesResponse> for Addresses {
    fn from(response: v1::ListAddressesResponse) -> Self {
        let address = |address: v1::Address| Address {
            link: address.link,
            address: address.address,
            scope: address.scope,
            source: address.source,
            valid_seconds: Some(address.valid_seconds).filter(|seconds| *seconds != 0),
        };
        Self(response.addresses.into_iter().map(address).collect())
    }
}

impl View for Addresses {
    fn table(&self) -> Table {
        let mut table =
            Table::new([text("LINK"), text("ADDRESS"), text("SCOPE"), text("SOURCE"), number("VALID FOR")]);
        for address in &self.0 {
            let valid =
                address.valid_seconds.map(|seconds| duration(std::time::Duration::from_secs(seconds.into())));
            table.row([
                printable(&address.link).into(),
                printable(&address.address).into(),
                printable(&address.scope).into(),
                printable(&address.source).into(),
                valid.unwrap_or_else(|| "ever".to_owned()).into(),
            ]);
        }
        table
    }
}

impl From<v1::ListRoutesResponse> for Routes {
    fn from(response: v1::ListRoutesResponse) -> Self {
        let route = |route: v1::Route| Route {
            destination: route.destination,
            via: some(route.via),
            link: some(route.link),
            metric: route.metric,
            source: route.source,
            preferred_source: some(route.preferred_source),
        };
        Self(response.routes.into_iter().map(route).collect())
    }
}

impl View for Routes {
    fn table(&self) -> Table {
        let mut table = Table::new([
            text("DESTINATION"),
            text("VIA"),
            text("LINK"),
            number("METRIC"),
            text("SOURCE"),
            text("FROM"),
        ]);
        for route in &self.0 {
            table.row([
                printable(&route.destination).into(),
                shown(route.via.as_ref()),
                shown(route.link.as_ref()),
                route.metric.to_string().into(),
                printable(&route.source).into(),
                shown(route.preferred_source.as_ref()),
            ]);
        }
        table
    }
}

impl From<v1::ListSocketsResponse> for Sockets {
    fn from(response: v1::ListSocketsResponse) -> Self {
        let socket = |socket: v1::Socket| Socket {
            protocol: socket.protocol,
            local: socket.local,
            remote: some(socket.remote),
            state: socket.state,
            uid: socket.uid,
        };
        Self(response.sockets.into_iter().map(socket).collect())
    }
}

impl View for Sockets {
    fn table(&self) -> Table {
        let mut table =
            Table::new([text("PROTOCOL"), text("STATE"), text("LOCAL"), text("REMOTE"), number("UID")]);
        for socket in &self.0 {
            table.row([
                printable(&socket.protocol).into(),
                printable(&socket.state).into(),
                printable(&socket.local).into(),
                shown(socket.remote.as_ref()),
                socket.uid.to_string().into(),
            ]);
        }
        table
    }
}
