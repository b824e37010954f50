//! What a node is reached by: an IP address or a DNS name, for the SANs of its certificate. Corten's own client does
//! not compare them; other tools do.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// The longest DNS name in text, RFC 1035 section 2.3.4.
const MAX_BYTES: usize = 253;
/// The longest label.
const MAX_LABEL: usize = 63;

/// A subject alternative name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// An IP address.
    Ip(IpAddr),
    /// A DNS name in ASCII, without a dot at its end.
    Dns(String),
}

/// Text that is neither an IP address nor a DNS name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an IP address nor a DNS name")]
pub struct AddressError(pub String);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(address) => address.fmt(f),
            Self::Dns(name) => f.pad(name),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let last = text.rsplit('.').next().unwrap_or_default();
        // A name whose last label is a number would be taken for a mistyped address.
        let named = !last.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() <= MAX_BYTES && named && text.split('.').all(is_label) {
            Ok(Self::Dns(text.to_ascii_lowercase()))
        } else {
            Err(AddressError(text.chars().take(MAX_BYTES).collect()))
        }
    }
}

fn is_label(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_ip_or_a_name() {
        assert_eq!("192.0.2.1".parse(), Ok(Address::Ip([192, 0, 2, 1].into())));
        assert_eq!(
            "2001:db8::1".parse::<Address>().map(|address| address.to_string()),
            Ok("2001:db8::1".into())
        );
        assert_eq!("Node-1.example".parse(), Ok(Address::Dns("node-1.example".into())));
        for text in
            ["", ".", "a..b", "-a", "a-", "192.0.2.256", "a b", "*.example", "a.", "é", "192.0.2.1:80"]
        {
            assert_eq!(text.parse::<Address>(), Err(AddressError(text.into())), "{text}");
        }
        assert!("a".repeat(64).parse::<Address>().is_err());
        assert!(["a"; 200].join(".").parse::<Address>().is_err());
    }
}
