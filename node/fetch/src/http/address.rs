//! Addresses of HTTP, and where a redirect leads. Text only.

use ureq::http::Uri;

/// An `http:` or `https:` address with a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    is_plain: bool,
    /// `HOST` or `HOST:PORT`, lower case, without a port that is the scheme's own.
    authority: String,
    /// Path and query.
    rest: String,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not an address.
    #[error("it is not an address")]
    Format,
    /// Another scheme.
    #[error("it is neither http: nor https:")]
    Scheme,
    /// With a user in it.
    #[error("it has a user in it")]
    User,
}

/// Longest address: what servers take.
const MAX_ADDRESS: usize = 8 << 10;

impl Address {
    /// Takes an address apart.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        if text.len() > MAX_ADDRESS {
            return Err(BadAddress::Format);
        }
        let uri: Uri = text.parse().map_err(|_| BadAddress::Format)?;
        let is_plain = match uri.scheme_str() {
            Some("http") => true,
            Some("https") => false,
            _ => return Err(BadAddress::Scheme),
        };
        let authority = uri.authority().ok_or(BadAddress::Format)?;
        if authority.as_str().contains('@') {
            return Err(BadAddress::User);
        }
        let own = if is_plain { 80 } else { 443 };
        let host = authority.host().to_ascii_lowercase();
        let authority = match authority.port() {
            Some(port) if port.as_u16() != own => format!("{host}:{}", port.as_u16()),
            // A colon without a number behind it.
            None if authority.as_str().len() != host.len() => return Err(BadAddress::Format),
            _ => host,
        };
        if authority.is_empty() {
            return Err(BadAddress::Format);
        }
        let rest = uri.path_and_query().map_or("/", |rest| rest.as_str());
        let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        Ok(Self { is_plain, authority, rest })
    }

    /// The same host with another path, which begins with a slash.
    #[must_use]
    pub fn with(&self, rest: String) -> Self {
        Self { rest, ..self.clone() }
    }

    /// Where an answer says that the content is (RFC 9110, section 10.2.2).
    pub fn follow(&self, location: &str) -> Result<Self, BadAddress> {
        let scheme = if self.is_plain { "http" } else { "https" };
        let authority = &self.authority;
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{scheme}://{rest}"));
        }
        if location.starts_with('/') {
            return Self::parse(&format!("{scheme}://{authority}{location}"));
        }
        let has_scheme =
            location.split_once(':').is_some_and(|(scheme, _)| !scheme.contains(['/', '?', '#']));
        if has_scheme {
            return Self::parse(location);
        }
        let path = self.rest.split('?').next().unwrap_or_default();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        Self::parse(&format!("{scheme}://{authority}{folder}/{location}"))
    }

    /// Whether it is spoken to without TLS.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// `HOST` or `HOST:PORT`.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        let host = match self.authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => &self.authority,
        };
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Scheme, host and port: who it is.
    pub fn place(&self) -> String {
        format!("{}://{}", if self.is_plain { "http" } else { "https" }, self.authority)
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.place() + &self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(location: &str) -> Result<String, BadAddress> {
        Address::parse("https://R.test:443/v2/a/blobs/x?y=/z")?.follow(location).map(|address| address.text())
    }

    #[test]
    fn redirects_lead_where_they_say() {
        assert_eq!(followed("https://c.test/b?k=v#f"), Ok("https://c.test/b?k=v".into()));
        assert_eq!(followed("//c.test:444/b"), Ok("https://c.test:444/b".into()));
        assert_eq!(followed("/b"), Ok("https://r.test/b".into()));
        assert_eq!(followed("b?u=http://x"), Ok("https://r.test/v2/a/blobs/b?u=http://x".into()));
        assert_eq!(followed("http://r.test:80"), Ok("http://r.test/".into()));
    }

    #[test]
    fn other_texts_are_no_addresses() {
        assert_eq!(followed("ftp://r.test/"), Err(BadAddress::Scheme));
        assert_eq!(followed("file:///etc/passwd"), Err(BadAddress::Format));
        assert_eq!(followed("https://u:p@r.test/"), Err(BadAddress::User));
        for broken in
            ["https://", "https:///a", "https://r.test:/a", "https://r.test:x/", "https:r.test", "/\n"]
        {
            assert!(followed(broken).is_err(), "{broken}");
        }
        assert_eq!(Address::parse(&format!("https://r.test/{}", "x".repeat(9000))), Err(BadAddress::Format));
    }

    #[test]
    fn hosts_stand_alone() {
        let host = |text: &str| Address::parse(text).map(|address| address.host().to_owned());
        assert_eq!(host("http://[::1]:5000/"), Ok("::1".into()));
        assert_eq!(host("http://[::1]/"), Ok("::1".into()));
        assert_eq!(host("http://r.test:5000/"), Ok("r.test".into()));
    }
}
