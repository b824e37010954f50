//! Through whom a request goes. Plain HTTP is asked of a proxy by the whole address, TLS through a tunnel.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corten_config::settings::{Proxy, WebScheme};
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;
use ureq::{Agent, ProxyProtocol};

use super::Address;
use super::forward::{Forward, ToProxy};

/// Not a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a proxy of the settings is not http://HOST:PORT")]
pub struct BadProxy;

/// One proxy, for one kind of requests.
#[derive(Clone, Debug)]
pub struct Through {
    proxy: ureq::Proxy,
    /// As it was written, which tells proxies apart.
    text: String,
    /// Of the addresses that it is for.
    scheme: WebScheme,
    way: Way,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// The proxy is asked for the whole address.
    Forward,
    /// The proxy connects, and knows no more than with whom.
    Tunnel,
}

impl PartialEq for Through {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.scheme) == (&other.text, other.scheme)
    }
}

/// The proxies of the settings.
#[derive(Debug)]
pub struct Proxies {
    settings: Option<Proxy>,
    through: Vec<Through>,
}

impl Proxies {
    /// Reads them.
    pub fn new(settings: Option<&Proxy>) -> Result<Self, BadProxy> {
        let http =
            settings.and_then(|proxy| proxy.http.as_ref()).map(|text| Through::new(&text.0, WebScheme::Http));
        let https = settings
            .and_then(|proxy| proxy.https.as_ref())
            .map(|text| Through::new(&text.0, WebScheme::Https));
        let through = http.into_iter().chain(https).collect::<Result<_, _>>()?;
        Ok(Self { settings: settings.cloned(), through })
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Through> {
        self.through.iter()
    }

    /// The one for an address; `None` for a direct connection.
    pub fn of(&self, address: &Address) -> Option<&Through> {
        let scheme = if address.is_plain() { WebScheme::Http } else { WebScheme::Https };
        let text = self.settings.as_ref()?.towards(scheme, address.host())?;
        self.through.iter().find(|through| through.text == text && through.scheme == scheme)
    }
}

impl Through {
    fn new(text: &str, scheme: WebScheme) -> Result<Self, BadProxy> {
        let proxy = ureq::Proxy::new(text).map_err(|_| BadProxy)?;
        let way = match proxy.protocol() {
            ProxyProtocol::Http if scheme == WebScheme::Http => Way::Forward,
            ProxyProtocol::Http | ProxyProtocol::Https => Way::Tunnel,
            _ => return Err(BadProxy),
        };
        Ok(Self { proxy, text: text.to_owned(), scheme, way })
    }

    /// What a request shows to the proxy. In front of a tunnel the library does it.
    pub fn authorization(&self) -> Option<String> {
        let user = self.proxy.username().filter(|_| self.way == Way::Forward)?;
        let password = self.proxy.password().unwrap_or_default();
        Some(["Basic ", &STANDARD.encode(format!("{user}:{password}"))].concat())
    }

    /// A client whose requests go this way.
    pub(super) fn agent(&self, config: ConfigBuilder<AgentScope>) -> Agent {
        match self.way {
            Way::Tunnel => config.proxy(Some(self.proxy.clone())).build().new_agent(),
            Way::Forward => {
                let proxy = ToProxy::new(self.proxy.uri().clone());
                Agent::with_parts(config.build(), Forward::default(), proxy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use corten_config::settings::Secret;

    use super::*;

    #[test]
    fn requests_go_through_the_proxy_of_their_scheme() {
        let settings = Proxy {
            http: Some(Secret("http://u:p%40@p.test:1".into())),
            https: Some(Secret("http://p.test:2".into())),
            no_proxy: vec!["x.test".into()],
        };
        let proxies = Proxies::new(Some(&settings)).expect("proxies");
        let of = |text: &str| {
            let through = proxies.of(&Address::parse(text).expect("an address"));
            through.map(|through| (through.proxy.port(), through.way, through.authorization()))
        };
        assert_eq!(of("http://r.test/"), Some((1, Way::Forward, Some("Basic dTpwQA==".into()))));
        assert_eq!(of("https://r.test/"), Some((2, Way::Tunnel, None)));
        assert_eq!(of("https://x.test:5000/"), None);
        assert_eq!(of("https://[::1]:5000/"), None);
    }

    #[test]
    fn other_texts_are_no_proxies() {
        for text in ["socks5://p.test", "ftp://p.test", "http://"] {
            let settings = Proxy { http: Some(Secret(text.into())), https: None, no_proxy: Vec::new() };
            assert!(Proxies::new(Some(&settings)).is_err(), "{text}");
        }
    }
}
