//! One GET, with its redirects. No retry and no knowledge of registries: those are in [`crate::registry`].
//!
//! Redirects are followed here and not by the library, since each step is looked at: credentials stay with the host that
//! they are for, plain HTTP stays with those that the settings name.

mod address;
mod forward;
mod proxy;
mod trust;

use std::io::{self, Read};
use std::time::Duration;

use corten_config::settings::Proxy;
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::HeaderMap;
use ureq::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, PROXY_AUTHORIZATION,
    RANGE,
};
use ureq::{Agent, Error};

pub use address::{Address, BadAddress};
pub use forward::absolute_form;
pub use proxy::{BadProxy, Proxies, Through};
pub use trust::{BadAuthority, roots};

use crate::limits::{MAX_HEAD, MAX_REDIRECTS};

/// How long is waited for what.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For a name server.
    pub resolve: Duration,
    /// For a connection, with TLS.
    pub connect: Duration,
    /// For the head of an answer.
    pub answer: Duration,
    /// For the next bytes of an answer.
    pub stall: Duration,
    /// For a document as a whole.
    pub document: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve: Duration::from_secs(15),
            connect: Duration::from_secs(15),
            answer: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            document: Duration::from_mins(2),
        }
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where.
    pub address: &'a Address,
    /// Media types that are understood.
    pub accept: Option<&'a str>,
    /// Credentials, shown to the host of the address and no other.
    pub authorization: Option<&'a str>,
    /// The first byte that is wanted.
    pub from: u64,
    /// Whether it is one document, which has a time limit as a whole, or content that takes its time.
    pub whole: bool,
}

/// An answer.
pub struct Answer {
    /// Status.
    pub status: u16,
    /// Whether somebody else answers than who was asked.
    pub is_elsewhere: bool,
    /// Headers.
    pub headers: HeaderMap,
    /// The bytes.
    pub body: Body,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nothing came for too long.
    #[error("no answer in time ({0})")]
    Timeout(ureq::Timeout),
    /// The connection failed.
    #[error("{0}")]
    Connection(String),
    /// There is somebody, but not who is meant.
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    /// The answer is not HTTP, or too much of it.
    #[error("the answer is not understood: {0}")]
    Answer(String),
    /// A redirect that is not followed.
    #[error("a redirect to {0:?} is not followed: {1}")]
    Redirect(String, BadAddress),
    /// Redirects without end.
    #[error("more than {MAX_REDIRECTS} redirects")]
    Redirects,
    /// A redirect to plain HTTP.
    #[error("{0} would be asked without TLS, which the settings don't say")]
    Plain(String),
}

/// Clients, one for each way in which requests go.
pub struct Http {
    proxies: Proxies,
    direct: Agent,
    through: Vec<(Through, Agent)>,
    /// Authorities that are spoken to without TLS.
    plain: Vec<String>,
    timeouts: Timeouts,
}

impl Http {
    /// Clients without connections. `plain` are the authorities that may be asked without TLS.
    pub fn new(
        proxy: Option<&Proxy>,
        roots: &trust::Roots,
        timeouts: Timeouts,
        plain: Vec<String>,
    ) -> Result<Self, BadProxy> {
        let proxies = Proxies::new(proxy)?;
        let config = || config(roots, timeouts);
        let through = proxies.all().map(|through| (through.clone(), through.agent(config()))).collect();
        Ok(Self { direct: config().build().new_agent(), proxies, through, plain, timeouts })
    }

    /// How long is waited for what.
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Sends one request, and further ones where an answer names another address.
    pub fn get(&self, request: &Request<'_>) -> Result<Answer, HttpError> {
        let mut address = request.address.clone();
        for _ in 0..=MAX_REDIRECTS {
            if address.is_plain() && !self.plain.iter().any(|plain| *plain == address.authority()) {
                return Err(HttpError::Plain(address.place()));
            }
            let is_elsewhere = address.place() != request.address.place();
            let answer = self.step(&address, request, is_elsewhere)?;
            let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
            let (301 | 302 | 303 | 307 | 308, Some(location)) = (answer.status, location) else {
                return Ok(answer);
            };
            address = address
                .follow(location)
                .map_err(|error| HttpError::Redirect(crate::failure::quote(location), error))?;
        }
        Err(HttpError::Redirects)
    }

    /// Ends what waits for a connection on other threads.
    pub fn shut_down(&self) {
        for agent in self.through.iter().map(|(_, agent)| agent).chain([&self.direct]) {
            agent.clone().shutdown();
        }
    }

    fn step(
        &self,
        address: &Address,
        request: &Request<'_>,
        is_elsewhere: bool,
    ) -> Result<Answer, HttpError> {
        let through = self.proxies.of(address);
        let agent = self.through.iter().find(|(known, _)| Some(known) == through);
        let agent = agent.map_or(&self.direct, |(_, agent)| agent);
        let mut builder = agent.get(address.text());
        if let Some(accept) = request.accept {
            builder = builder.header(ACCEPT, accept);
        }
        if let Some(authorization) = request.authorization.filter(|_| !is_elsewhere) {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if let Some(authorization) = through.and_then(Through::authorization) {
            builder = builder.header(PROXY_AUTHORIZATION, authorization);
        }
        if request.from > 0 {
            builder = builder.header(RANGE, format!("bytes={}-", request.from));
        }
        if !request.whole {
            builder = builder.config().timeout_global(None).build();
        }
        let response = builder.call().map_err(translate)?;
        let (head, body) = response.into_parts();
        let encoding = head.headers.get(CONTENT_ENCODING).map(ureq::http::HeaderValue::as_bytes);
        if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
            return Err(HttpError::Answer("it is compressed on the way, which was not asked for".into()));
        }
        let body = Body { inner: body.into_reader() };
        Ok(Answer { status: head.status.as_u16(), is_elsewhere, headers: head.headers, body })
    }
}

fn config(
    roots: &trust::Roots,
    timeouts: Timeouts,
) -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    Config::builder()
        .tls_config(trust::tls(roots))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .accept_encoding(AutoHeaderValue::None)
        .user_agent(concat!("corten/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(MAX_HEAD)
        // A layer goes through them in pieces; the library's own size of 128 KiB would be twice a connection.
        .input_buffer_size(64 << 10)
        .output_buffer_size(MAX_HEAD)
        .timeout_global(Some(timeouts.document))
        .timeout_resolve(Some(timeouts.resolve))
        .timeout_connect(Some(timeouts.connect))
        .timeout_recv_response(Some(timeouts.answer))
        .timeout_per_read(Some(timeouts.stall))
        .timeout_per_write(Some(timeouts.stall))
}

impl Answer {
    /// A header, if it is text.
    pub fn header(&self, name: impl ureq::http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Bytes of the body, where that is said.
    pub fn length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH)?.parse().ok()
    }

    /// First byte of the body and size of the whole content, as a partial answer says it (RFC 9110, section 14.4).
    pub fn range(&self) -> Option<(u64, Option<u64>)> {
        content_range(self.header(CONTENT_RANGE)?)
    }
}

/// `bytes START-END/SIZE`, where the size can be `*`.
pub fn content_range(value: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = value.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    let (start, _end) = (start.parse().ok()?, end.parse::<u64>().ok()?);
    Some((start, if size == "*" { None } else { Some(size.parse().ok()?) }))
}

/// The bytes of an answer.
pub struct Body {
    inner: ureq::BodyReader<'static>,
}

impl Body {
    /// The next bytes; none at the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, HttpError> {
        self.inner.read(buffer).map_err(|error| translate(Error::from(error)))
    }

    /// All bytes, and one more than the limit where there are more.
    pub fn take(&mut self, limit: u64) -> Result<Vec<u8>, HttpError> {
        let mut bytes = Vec::new();
        (&mut self.inner)
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| translate(Error::from(error)))?;
        Ok(bytes)
    }
}

/// Tells apart what the library does not.
fn translate(error: Error) -> HttpError {
    match error {
        Error::Timeout(what) => HttpError::Timeout(what),
        Error::Rustls(error) => HttpError::Tls(error),
        Error::Io(error) => tls(&error),
        Error::HostNotFound => HttpError::Connection("the name has no address".into()),
        Error::Http(_) | Error::Protocol(_) | Error::LargeResponseHeader(..) => {
            HttpError::Answer(error.to_string())
        }
        other => HttpError::Connection(other.to_string()),
    }
}

/// An error of TLS comes as one of reading.
fn tls(error: &io::Error) -> HttpError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(error) => HttpError::Tls(error.clone()),
        None => HttpError::Connection(error.to_string()),
    }
}

#[test]
fn ranges_are_read() {
    assert_eq!(content_range("bytes 5-9/10"), Some((5, Some(10))));
    assert_eq!(content_range("bytes 5-9/*"), Some((5, None)));
    for broken in ["", "bytes */10", "5-9/10", "bytes 5-/10", "bytes 5-9/x", "bytes 5-9"] {
        assert_eq!(content_range(broken), None, "{broken}");
    }
}
