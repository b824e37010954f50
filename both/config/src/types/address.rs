//! Addresses, networks, ports.

use std::net::IpAddr;

use corten_document::BadValue;
use ipnet::IpNet;

use super::form::{Checked, Form};
use crate::settings::PortRange;

/// The form of an [`Address`].
#[derive(Debug)]
pub enum AddressForm {}

/// An IP address of one machine.
pub type Address = Checked<AddressForm>;

impl Form for AddressForm {
    const NAME: &'static str = "Address";
    const PATTERN: &'static str = "^[0-9A-Fa-f.:]+$";
    type Value = IpAddr;

    fn read(text: &str) -> Result<IpAddr, BadValue> {
        const EXPECTED: &str = "the IP address of a machine, for example `192.0.2.1` or `2001:db8::1`";
        if let Ok(network) = text.parse::<IpNet>() {
            return Err(BadValue::or(EXPECTED, network.addr().to_string()));
        }
        text.parse().ok().filter(|address| is_one_machine(*address)).ok_or_else(|| BadValue::new(EXPECTED))
    }
}

/// Whether an address can be that of one machine.
fn is_one_machine(address: IpAddr) -> bool {
    let broadcast = IpAddr::from([255, 255, 255, 255]);
    !address.is_unspecified() && !address.is_multicast() && address != broadcast
}

/// The form of an [`Interface`].
#[derive(Debug)]
pub enum InterfaceForm {}

/// An address with the length of its prefix, as a link has it.
pub type Interface = Checked<InterfaceForm>;

impl Form for InterfaceForm {
    const NAME: &'static str = "Interface";
    const PATTERN: &'static str = "^[0-9A-Fa-f.:]+/[0-9]{1,3}$";
    type Value = IpNet;

    fn read(text: &str) -> Result<IpNet, BadValue> {
        const EXPECTED: &str = "an address with the length of its prefix, for example `192.0.2.4/24`";
        if let Ok(address) = text.parse::<IpAddr>() {
            let length = if address.is_ipv4() { 24 } else { 64 };
            return Err(BadValue::or(EXPECTED, format!("{address}/{length}")));
        }
        let network: IpNet = text.parse().map_err(|_| BadValue::new(EXPECTED))?;
        if !is_one_machine(network.addr()) || network.addr().is_loopback() || network.prefix_len() == 0 {
            return Err(BadValue::new(EXPECTED));
        }
        // In a network of two or one every address is a machine's: RFC 3021.
        if let IpNet::V4(v4) = network
            && v4.prefix_len() < 31
            && (v4.addr() == v4.network() || v4.addr() == v4.broadcast())
        {
            let expected = format!("the address of a machine; this is the first or last of {}", v4.trunc());
            return Err(BadValue::new(expected));
        }
        Ok(network)
    }
}

/// The form of a [`Network`].
#[derive(Debug)]
pub enum NetworkForm {}

/// A network: a prefix with nothing behind it.
pub type Network = Checked<NetworkForm>;

impl Form for NetworkForm {
    const NAME: &'static str = "Network";
    const PATTERN: &'static str = "^[0-9A-Fa-f.:]+/[0-9]{1,3}$";
    type Value = IpNet;

    fn read(text: &str) -> Result<IpNet, BadValue> {
        const EXPECTED: &str = "a network, for example `192.0.2.0/24` or `2001:db8::/64`";
        if let Ok(address) = text.parse::<IpAddr>() {
            return Err(BadValue::or(EXPECTED, IpNet::from(address).to_string()));
        }
        let network: IpNet = text.parse().map_err(|_| BadValue::new(EXPECTED))?;
        if network.trunc() == network {
            Ok(network)
        } else {
            Err(BadValue::or(EXPECTED, network.trunc().to_string()))
        }
    }
}

/// Where a route leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// Everywhere, in the family of the next hop.
    Default,
    /// To a network.
    Network(IpNet),
}

/// The form of a [`RouteTarget`].
#[derive(Debug)]
pub enum RouteTargetForm {}

/// Where a route leads to: `default` or a network.
pub type RouteTarget = Checked<RouteTargetForm>;

impl Form for RouteTargetForm {
    const NAME: &'static str = "RouteTarget";
    const PATTERN: &'static str = "^(default|[0-9A-Fa-f.:]+/[0-9]{1,3})$";
    type Value = Target;

    fn read(text: &str) -> Result<Target, BadValue> {
        if text == "default" {
            return Ok(Target::Default);
        }
        match NetworkForm::read(text) {
            Ok(network) => Ok(Target::Network(network)),
            Err(bad) => Err(BadValue {
                expected: "`default` or a network, for example `198.51.100.0/24`".into(),
                meant: bad.meant,
            }),
        }
    }
}

/// The form of a [`Mac`].
#[derive(Debug)]
pub enum MacForm {}

/// The address of a card: six bytes, lower case with colons.
pub type Mac = Checked<MacForm>;

impl Form for MacForm {
    const NAME: &'static str = "Mac";
    const PATTERN: &'static str = "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "the address of a card, for example `52:54:00:12:34:56`";
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let pairs: Vec<String> =
            digits.chunks(2).map(|pair| String::from_utf8_lossy(pair).to_ascii_lowercase()).collect();
        let mac = pairs.join(":");
        let whole = digits.len() == 12;
        if whole && text.eq_ignore_ascii_case(&mac) {
            return Ok(mac);
        }
        let other_signs = text.bytes().all(|byte| byte.is_ascii_hexdigit() || b":-.".contains(&byte));
        Err(if whole && other_signs { BadValue::or(EXPECTED, mac) } else { BadValue::new(EXPECTED) })
    }
}

/// The form of [`Ports`].
#[derive(Debug)]
pub enum PortsForm {}

/// One port or a range of them: `80`, `8000-8010`.
pub type Ports = Checked<PortsForm>;

impl Form for PortsForm {
    const NAME: &'static str = "Ports";
    const PATTERN: &'static str = "^[0-9]{1,5}(-[0-9]{1,5})?$";
    type Value = PortRange;

    fn read(text: &str) -> Result<PortRange, BadValue> {
        const EXPECTED: &str = "a port from 1 to 65535, or a range such as `8000-8010`";
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let range = match (port(first), port(last)) {
            (Some(first), Some(last)) => PortRange { first, last },
            _ => return Err(BadValue::new(EXPECTED)),
        };
        if range.first > range.last {
            return Err(BadValue::or(EXPECTED, format!("{last}-{first}")));
        }
        Ok(range)
    }
}

/// A port in decimal digits.
pub(super) fn port(text: &str) -> Option<u16> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|port| *port > 0)
}
