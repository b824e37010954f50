//! Registries, mirrors, proxies.

use std::net::IpAddr;

use corten_document::BadValue;
use ipnet::IpNet;

use super::address::port;
use super::form::{Checked, Form};
use super::name::DomainName;
use super::url::bracketed;
use crate::SECRET_KEPT;
use crate::settings::Secret;

/// Whether this is a host, with or without a port, in the form that names of images have.
pub(super) fn is_registry(text: &str) -> bool {
    let (host, number) = match text.rsplit_once(':') {
        Some((host, number)) if !number.ends_with(']') => (host, Some(number)),
        _ => (text, None),
    };
    let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    is_lower && bracketed(host).is_some() && number.is_none_or(|number| port(number).is_some())
}

/// The form of a [`RegistryName`].
#[derive(Debug)]
pub enum RegistryForm {}

/// A registry: `HOST`, `HOST:PORT`, or `*` for all that are not named.
pub type RegistryName = Checked<RegistryForm>;

impl Form for RegistryForm {
    const NAME: &'static str = "RegistryName";
    const PATTERN: &'static str = "^(\\*|[0-9a-z.:\\[\\]-]{1,261})$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str =
            "a registry, for example `registry.example.org` or `registry.example.org:5000`, or `*`";
        if text == "*" || is_registry(text) {
            return Ok(text.to_owned());
        }
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        let close = bare.split('/').next().unwrap_or_default().to_ascii_lowercase();
        Err(if is_registry(&close) { BadValue::or(EXPECTED, close) } else { BadValue::new(EXPECTED) })
    }
}

/// The form of a [`Mirror`].
#[derive(Debug)]
pub enum MirrorForm {}

/// A mirror of a registry: scheme and host, with or without a port.
pub type Mirror = Checked<MirrorForm>;

impl Form for MirrorForm {
    const NAME: &'static str = "Mirror";
    const PATTERN: &'static str = "^https?://[0-9a-z.:\\[\\]-]{1,261}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a mirror without path or user, for example `https://mirror.example.org`";
        let host = |text: &str| {
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            host.is_some_and(is_registry)
        };
        if host(text) {
            return Ok(text.to_owned());
        }
        let close = text.trim_end_matches('/').to_ascii_lowercase();
        let close = if close.contains("://") { close } else { format!("https://{close}") };
        Err(if host(&close) { BadValue::or(EXPECTED, close) } else { BadValue::new(EXPECTED) })
    }
}

/// The form of a [`Password`].
#[derive(Debug)]
pub enum PasswordForm {}

/// A password or token.
pub type Password = Checked<PasswordForm>;

impl Form for PasswordForm {
    const NAME: &'static str = "Password";
    const PATTERN: &'static str = "";
    type Value = Secret;

    fn read(text: &str) -> Result<Secret, BadValue> {
        // Tokens of clouds are long.
        const LONGEST: usize = 16 << 10;
        if text == SECRET_KEPT {
            let expected = "a password; this stands for one that the node doesn't have";
            return Err(BadValue::new(expected));
        }
        if text.is_empty() || text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(BadValue::new("a password: one line of 1 to 16384 bytes"));
        }
        Ok(Secret(text.to_owned()))
    }
}

/// The form of a [`RegistryUser`].
#[derive(Debug)]
pub enum RegistryUserForm {}

/// A user of a registry.
pub type RegistryUser = Checked<RegistryUserForm>;

impl Form for RegistryUserForm {
    const NAME: &'static str = "RegistryUser";
    const PATTERN: &'static str = "^[^:]{1,255}$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        // A colon ends it: RFC 7617, 2.
        if text.is_empty() || text.len() > 255 || text.chars().any(|c| c.is_control() || c == ':') {
            return Err(BadValue::new("a user: 1 to 255 bytes without `:`"));
        }
        Ok(text.to_owned())
    }
}

/// The form of a [`ProxyUrl`].
#[derive(Debug)]
pub enum ProxyForm {}

/// A proxy: `http://proxy.example.org:3128`, with a user and a password or without. What is wrong with one is never
/// told with a suggestion, which would repeat the password.
pub type ProxyUrl = Checked<ProxyForm>;

impl Form for ProxyForm {
    const NAME: &'static str = "ProxyUrl";
    const PATTERN: &'static str = "^https?://[!-~]+$";
    type Value = Secret;

    fn read(text: &str) -> Result<Secret, BadValue> {
        const EXPECTED: &str = "a proxy, for example `http://proxy.example.org:3128`, or with a user \
                                `http://user:password@proxy.example.org:3128`, signs of which are written as `%40`";
        let url = text.strip_suffix('/').unwrap_or(text);
        let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
        let is_proxy = rest.is_some_and(|rest| {
            let (user, host) = rest.rsplit_once('@').unwrap_or(("user", rest));
            is_user(user) && is_registry(&host.to_ascii_lowercase())
        });
        if is_proxy && text.len() <= 2048 { Ok(Secret(url.to_owned())) } else { Err(BadValue::new(EXPECTED)) }
    }
}

/// A user and a password in front of a host, RFC 3986, 3.2.1: all that means something in an address is encoded.
fn is_user(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte);
    let is_whole = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    !text.is_empty()
        && !text.starts_with(':')
        && text.bytes().all(is_sign)
        && text.split('%').skip(1).all(is_whole)
}

/// The form of a [`NoProxy`].
#[derive(Debug)]
pub enum NoProxyForm {}

/// What is reached without the proxy: a name with all below it, `.example.org` for what is below alone, an address or
/// a network.
pub type NoProxy = Checked<NoProxyForm>;

impl Form for NoProxyForm {
    const NAME: &'static str = "NoProxy";
    const PATTERN: &'static str = "^\\.?[0-9A-Za-z.:-]{1,253}(/[0-9]{1,3})?$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a host, a domain or a network, for example `registry.example.org`, `.example.org` or \
                                `192.0.2.0/24`";
        if let Some(direct) = direct(text) {
            return Ok(direct);
        }
        let close = text.trim_start_matches('*').trim_end_matches('.');
        let close = close
            .rsplit_once(':')
            .filter(|(_, number)| port(number).is_some())
            .map_or(close, |(host, _)| host);
        let network = text.parse::<IpNet>().map(|network| network.trunc().to_string());
        let close = network.unwrap_or_else(|_| close.to_owned());
        Err(if direct(&close).is_some() { BadValue::or(EXPECTED, close) } else { BadValue::new(EXPECTED) })
    }
}

fn direct(text: &str) -> Option<String> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    if let Ok(network) = text.parse::<IpNet>() {
        return (network.trunc() == network).then(|| network.to_string());
    }
    let name = text.strip_prefix('.').unwrap_or(text);
    name.parse::<DomainName>().ok().map(|_| text.to_ascii_lowercase())
}
