//! Hosts, ports and addresses of the web.

use std::net::{IpAddr, Ipv6Addr};

use corten_document::BadValue;

use super::address::port;
use super::form::{Checked, Form};
use super::name::DomainName;

/// The form of a [`Host`].
#[derive(Debug)]
pub enum HostForm {}

/// A host: its name or its IP address.
pub type Host = Checked<HostForm>;

impl Form for HostForm {
    const NAME: &'static str = "Host";
    const PATTERN: &'static str = "^[0-9A-Za-z.:-]{1,253}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        match host(text) {
            Some(host) => Ok(host),
            None => {
                Err(BadValue::new("a host by name or address, for example `time.example.org` or `192.0.2.1`"))
            }
        }
    }
}

/// A host as it is kept, if this is one. What looks like an IPv4 address has to be one.
fn host(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let numeric = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse::<DomainName>().ok().filter(|_| !numeric).map(|name| name.as_str().to_owned())
}

/// A host in front of a port: an IPv6 address stands in brackets.
pub(super) fn bracketed(text: &str) -> Option<String> {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.parse::<Ipv6Addr>().ok().map(|address| address.to_string()),
        None if text.contains(':') => None,
        None => host(text),
    }
}

/// The form of an [`Endpoint`].
#[derive(Debug)]
pub enum EndpointForm {}

/// A host with a port: `logs.example.org:6514`, `[2001:db8::1]:80`.
pub type Endpoint = Checked<EndpointForm>;

impl Form for EndpointForm {
    const NAME: &'static str = "Endpoint";
    const PATTERN: &'static str = "^[^/@ ]+:[0-9]{1,5}$";
    type Value = (String, u16);

    fn read(text: &str) -> Result<(String, u16), BadValue> {
        const EXPECTED: &str =
            "a host with a port, for example `logs.example.org:6514` or `[2001:db8::1]:6514`";
        let found = text.rsplit_once(':').and_then(|(name, number)| Some((bracketed(name)?, port(number)?)));
        found.ok_or_else(|| BadValue::new(EXPECTED))
    }
}

/// The parts of a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Url {
    /// Host name or address, without brackets.
    pub host: String,
    /// Port, 80 where none is written.
    pub port: u16,
    /// Path with its leading slash, and what follows it.
    pub path: String,
    /// The whole, as written.
    pub text: String,
}

/// The parts of an address without a user, which no host has a place for.
fn url(text: &str) -> Option<Url> {
    if text.len() > 2048 || text.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return None;
    }
    let rest = text.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let colon = authority.rfind(':').filter(|colon| authority.rfind(']').is_none_or(|end| end < *colon));
    let (name, number) = match colon {
        Some(colon) => (&authority[..colon], port(&authority[colon + 1..])?),
        None => (authority, 80),
    };
    let path = if path.is_empty() { "/".to_owned() } else { path.to_owned() };
    Some(Url { host: bracketed(name)?, port: number, path, text: text.to_owned() })
}

/// The form of an [`HttpUrl`].
#[derive(Debug)]
pub enum HttpUrlForm {}

/// What a check asks for: `http://127.0.0.1/healthz`.
pub type HttpUrl = Checked<HttpUrlForm>;

impl Form for HttpUrlForm {
    const NAME: &'static str = "HttpUrl";
    const PATTERN: &'static str = "^http://[^/@ ]+(/[^ #]*)?$";
    type Value = Url;

    fn read(text: &str) -> Result<Url, BadValue> {
        let url = url(text).filter(|url| url.path.starts_with('/') && !url.path.contains('#'));
        url.ok_or_else(|| BadValue::new("an address such as `http://127.0.0.1:8080/healthz`"))
    }
}
