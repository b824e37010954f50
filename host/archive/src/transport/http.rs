//! Mirrors on the network, through ureq with rustls.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};
use ureq::{Agent, Proxy};

use super::proxy::Proxies;
use super::{Answer, Timeouts, TransportError, forward};

/// Files with the certificate authorities that a host trusts, by distribution; the first that exists counts.
const CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Most redirects that are followed.
const MAX_REDIRECTS: u32 = 5;

/// Clients by proxy, so that connections are used again.
pub struct Http {
    proxies: Proxies,
    timeouts: Timeouts,
    agents: Mutex<BTreeMap<(Option<String>, bool), Agent>>,
}

impl Http {
    /// A client without connections.
    pub fn new(proxies: Proxies, timeouts: Timeouts) -> Self {
        Self { proxies, timeouts, agents: Mutex::default() }
    }

    /// Sends one request, and further ones where an answer names another address.
    pub fn get(&self, url: &str, from: u64) -> Result<Answer, TransportError> {
        let mut url = url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let proxy = self.proxies.of(&url).filter(|proxy| !proxy.starts_with("https://"));
            let Some(proxy) = proxy.filter(|_| url.starts_with("http://")) else {
                return self.directly(&url, from);
            };
            let reply = forward::get(proxy, &url, from, self.timeouts)?;
            if let (301 | 302 | 303 | 307 | 308, Some(location)) = (reply.status, reply.header("location")) {
                url = absolute(&url, location);
                continue;
            }
            let length = reply.header("content-length").and_then(|length| length.parse().ok());
            let (start, size) = extent(reply.status, reply.header("content-range"), length)?;
            return Ok(forward::answer(reply, start, size, self.timeouts));
        }
        Err(TransportError::Connection(format!("more than {MAX_REDIRECTS} redirects")))
    }

    fn directly(&self, url: &str, from: u64) -> Result<Answer, TransportError> {
        let mut request = self.agent(url)?.get(url);
        if from > 0 {
            request = request.header("Range", format!("bytes={from}-"));
        }
        let response = request.call().map_err(|error| translate(&error, self.timeouts.stall))?;
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        let length = header("content-length").and_then(|length| length.parse::<u64>().ok());
        let (start, size) = extent(response.status().as_u16(), header("content-range"), length)?;
        let body = Body { inner: response.into_body().into_reader(), stall: self.timeouts.stall };
        Ok(Answer { start, size, body: Box::new(body) })
    }

    fn agent(&self, url: &str) -> Result<Agent, TransportError> {
        let proxy = self.proxies.of(url).map(str::to_owned);
        let is_tls =
            url.starts_with("https://") || proxy.as_ref().is_some_and(|proxy| proxy.starts_with("https://"));
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = agents.get(&(proxy.clone(), is_tls)) {
            return Ok(agent.clone());
        }
        let through = proxy.as_deref().map(Proxy::new).transpose();
        let through = through.map_err(|_| TransportError::Connection(format!("{proxy:?} is not a proxy")))?;
        let mut builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(MAX_REDIRECTS)
            .proxy(through)
            .user_agent(concat!("corten/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(self.timeouts.connect))
            .timeout_recv_response(Some(self.timeouts.stall))
            .timeout_per_read(Some(self.timeouts.stall));
        if is_tls {
            builder = builder.tls_config(tls_config()?);
        }
        let agent = builder.build().new_agent();
        agents.insert((proxy, is_tls), agent.clone());
        Ok(agent)
    }
}

/// TLS with the provider of aws-lc and the certificate authorities of this host.
fn tls_config() -> Result<TlsConfig, TransportError> {
    let files = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from).into_iter();
    let mut files = files.chain(CERTIFICATES.iter().map(PathBuf::from));
    let bundle = files.find_map(|path| std::fs::read(path).ok()).unwrap_or_default();
    let roots: Vec<Certificate<'static>> = parse_pem(&bundle)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if roots.is_empty() {
        let why = format!("https needs certificate authorities: none found in {}", CERTIFICATES.join(", "));
        return Err(TransportError::Connection(why));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .build())
}

/// First byte of the body and size of the whole file, by status and headers.
fn extent(
    status: u16,
    range: Option<&str>,
    length: Option<u64>,
) -> Result<(u64, Option<u64>), TransportError> {
    match status {
        200 => Ok((0, length)),
        206 => {
            let range = range.and_then(content_range);
            let (start, size) =
                range.ok_or_else(|| TransportError::Connection("a broken Content-Range".into()))?;
            Ok((start, size.or(length.map(|length| start.saturating_add(length)))))
        }
        404 | 410 => Err(TransportError::NotFound),
        416 => Err(TransportError::Range),
        status => Err(TransportError::Status(status)),
    }
}

/// Where a redirect leads: to a whole address, or to a path of the same host.
fn absolute(url: &str, location: &str) -> String {
    if location.contains("://") {
        return location.to_owned();
    }
    let host = url.split('/').take(3).collect::<Vec<_>>().join("/");
    format!("{host}/{}", location.trim_start_matches('/'))
}

/// `bytes START-END/SIZE`, where the size can be `*`.
fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, size.parse().ok()))
}

fn translate(error: &ureq::Error, stall: Duration) -> TransportError {
    match error {
        ureq::Error::Timeout(_) => TransportError::Timeout(stall),
        ureq::Error::StatusCode(status) => TransportError::Status(*status),
        ureq::Error::BadUri(_) => TransportError::Address,
        other => TransportError::Connection(other.to_string()),
    }
}

/// The bytes of an answer, with time-outs told apart from other failures.
struct Body {
    inner: ureq::BodyReader<'static>,
    stall: Duration,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            let stalled = error.get_ref().and_then(|inner| inner.downcast_ref::<ureq::Error>());
            match stalled {
                Some(ureq::Error::Timeout(_)) => {
                    io::Error::new(io::ErrorKind::TimedOut, TransportError::Timeout(self.stall).to_string())
                }
                _ => error,
            }
        })
    }
}
