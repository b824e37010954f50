//! How hosts of the web are reached.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Secret;

/// Proxies, and what is reached without them. At least one proxy is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Proxy {
    /// For hosts that are spoken to in the clear: `http://[USER:PASSWORD@]HOST[:PORT]`, or `https://…` for one that is
    /// spoken to over TLS itself. What means something in a URL is percent-encoded in user and password.
    pub http: Option<Secret>,
    /// For hosts that are spoken to over TLS, in the same form.
    pub https: Option<Secret>,
    /// What is reached directly, lower case: `example.org` with all names below it, `.example.org` for those below it
    /// alone, addresses, networks.
    pub no_proxy: Vec<String>,
}

/// How a host is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebScheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Proxy {
    /// The URL of the proxy that a host is reached by; `None` where it is reached directly. The host is a name or an
    /// address, without port and brackets. The node itself is always reached directly.
    pub fn towards(&self, scheme: WebScheme, host: &str) -> Option<&str> {
        let proxy = match scheme {
            WebScheme::Http => self.http.as_ref(),
            WebScheme::Https => self.https.as_ref(),
        };
        proxy.filter(|_| !self.is_direct(host)).map(|secret| secret.0.as_str())
    }

    fn is_direct(&self, host: &str) -> bool {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        match name.parse::<IpAddr>() {
            Ok(address) => address.is_loopback() || self.no_proxy.iter().any(|direct| holds(direct, address)),
            Err(_) => name == "localhost" || self.no_proxy.iter().any(|direct| covers(direct, &name)),
        }
    }
}

fn holds(direct: &str, address: IpAddr) -> bool {
    let network = direct.parse::<IpNet>().or_else(|_| direct.parse::<IpAddr>().map(IpNet::from));
    network.is_ok_and(|network| network.contains(&address))
}

fn covers(direct: &str, name: &str) -> bool {
    match name.strip_suffix(direct) {
        Some("") => true,
        Some(rest) => direct.starts_with('.') || rest.ends_with('.'),
        None => false,
    }
}
