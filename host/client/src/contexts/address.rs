//! Where a node listens: a host and a port, as a person types them.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The port that an agent listens on unless it is told otherwise.
pub const DEFAULT_PORT: u16 = 7443;

/// A host, by name or number, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: String,
    port: u16,
}

/// A text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address: expected HOST, HOST:PORT or [IPV6]:PORT")]
pub struct NoAddress(String);

impl Address {
    /// The host: a name, an IPv4 address, or an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Address {
    type Err = NoAddress;

    /// Reads `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT` or a bare IPv6 address. Without a port it is 7443.
    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let wrong = || NoAddress(text.to_owned());
        let number = |port_text: &str| match port_text.parse() {
            // The parser takes a sign.
            Ok(port) if port > 0 && !port_text.starts_with('+') => Ok(port),
            _ => Err(wrong()),
        };
        if text.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self { host: text.to_owned(), port: DEFAULT_PORT });
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(wrong)?;
            host.parse::<Ipv6Addr>().map_err(|_| wrong())?;
            let port = match rest {
                "" => DEFAULT_PORT,
                rest => number(rest.strip_prefix(':').ok_or_else(wrong)?)?,
            };
            return Ok(Self { host: host.to_owned(), port });
        }
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, number(port)?),
            None => (text, DEFAULT_PORT),
        };
        if is_host(host) { Ok(Self { host: host.to_owned(), port }) } else { Err(wrong()) }
    }
}

/// A name or an IPv4 address, by its letters and lengths.
fn is_host(text: &str) -> bool {
    let labels = text.strip_suffix('.').unwrap_or(text).split('.');
    text.len() <= 253
        && labels.into_iter().all(|label| {
            let ends = !label.starts_with('-') && !label.ends_with('-');
            let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            ends && letters && (1..=63).contains(&label.len())
        })
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_type_it() {
        for (text, shown) in [
            ("127.0.0.1:40123", "127.0.0.1:40123"),
            ("node-4.example", "node-4.example:7443"),
            ("[2001:db8::1]:1", "[2001:db8::1]:1"),
            ("[2001:db8::1]", "[2001:db8::1]:7443"),
            ("::1", "[::1]:7443"),
        ] {
            let read: Address = text.parse().expect(text);
            assert_eq!(read.to_string(), shown);
            assert_eq!(shown.parse(), Ok(read));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for text in [
            "", ":1", "a:", "a:0", "a:65536", "a:+1", "a b", "[::1", "[x]:1", "[::1]1", "http://a", "a:1:2",
            "-a",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NoAddress(text.to_owned())));
        }
    }
}
