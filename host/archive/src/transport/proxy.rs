//! Which proxy a request goes through: apt's settings first, then the environment, as apt does it.

use std::collections::BTreeMap;

/// Proxies by scheme and host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    /// By `scheme::host`, lower case; `None` is a direct connection.
    hosts: BTreeMap<String, Option<String>>,
    no_proxy: Vec<String>,
}

impl Proxies {
    /// Takes the proxies out of apt's settings, later ones winning, and fills up from the environment.
    pub fn from_settings(
        settings: Vec<(String, String)>,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let mut proxies = Self::default();
        let (mut http, mut https) = (None, None);
        for (name, value) in settings {
            let proxy = (!value.eq_ignore_ascii_case("direct") && !value.is_empty()).then_some(value);
            match name.strip_prefix("acquire::") {
                Some("http::proxy") => http = Some(proxy),
                Some("https::proxy") => https = Some(proxy),
                Some(rest) => {
                    if let Some((scheme @ ("http" | "https"), host)) = rest.split_once("::proxy::") {
                        proxies.hosts.insert(format!("{scheme}::{host}"), proxy);
                    }
                }
                None => {}
            }
        }
        let variable =
            |names: [&str; 2]| names.iter().find_map(|name| environment(name)).filter(|v| !v.is_empty());
        let https =
            https.or_else(|| variable(["https_proxy", "HTTPS_PROXY"]).map(Some)).or_else(|| http.clone());
        proxies.https = https.flatten();
        proxies.http = http.unwrap_or_else(|| environment("http_proxy").filter(|value| !value.is_empty()));
        let none = variable(["no_proxy", "NO_PROXY"]).unwrap_or_default();
        proxies.no_proxy = none.split(',').map(|host| host.trim().to_ascii_lowercase()).collect();
        proxies
    }

    /// The proxy for an address; `None` for a direct connection.
    pub fn of(&self, url: &str) -> Option<&str> {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split('/').next().unwrap_or_default();
        let authority = authority.rsplit('@').next().unwrap_or_default();
        let host = authority.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if let Some(own) = self.hosts.get(&format!("{scheme}::{host}")) {
            return own.as_deref();
        }
        let excepted = |entry: &String| {
            let domain = entry.trim_start_matches('.');
            !domain.is_empty() && (domain == "*" || host == domain || host.ends_with(&format!(".{domain}")))
        };
        if self.no_proxy.iter().any(excepted) {
            return None;
        }
        match scheme {
            "http" => self.http.as_deref(),
            "https" => self.https.as_deref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn settings_of_apt_come_before_the_environment() {
        let environment = |name: &str| (name == "http_proxy").then(|| "http://env.test:1".to_owned());
        let proxies =
            Proxies::from_settings(settings(&[("acquire::http::proxy", "http://apt.test:2")]), &environment);
        assert_eq!(proxies.of("http://m.test/debian"), Some("http://apt.test:2"));
        assert_eq!(proxies.of("https://m.test/debian"), Some("http://apt.test:2"));
        let proxies = Proxies::from_settings(Vec::new(), &environment);
        assert_eq!(proxies.of("http://m.test/debian"), Some("http://env.test:1"));
        assert_eq!(proxies.of("https://m.test/debian"), None);
    }

    #[test]
    fn single_hosts_can_be_reached_directly() {
        let own = settings(&[
            ("acquire::http::proxy", "http://p.test"),
            ("acquire::http::proxy::m.test", "DIRECT"),
        ]);
        let proxies =
            Proxies::from_settings(own, &|name| (name == "no_proxy").then(|| "x.test, .y.test".to_owned()));
        assert_eq!(proxies.of("http://m.test:80/debian"), None);
        assert_eq!(proxies.of("http://x.test/debian"), None);
        assert_eq!(proxies.of("http://a.y.test/debian"), None);
        assert_eq!(proxies.of("http://z.test/debian"), Some("http://p.test"));
    }
}
