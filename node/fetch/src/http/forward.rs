//! Plain HTTP through a proxy: the proxy is asked for the whole address (RFC 9112, section 3.2.2).
//!
//! The client library opens a tunnel for plain HTTP too, which most proxies refuse. Here the connection goes to the proxy,
//! and the line of the request is written anew on its way out. Everything else of the library works as ever.

use ureq::Error;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

/// Looks up the proxy, whoever is asked for.
#[derive(Debug)]
pub(super) struct ToProxy {
    proxy: Uri,
    inner: DefaultResolver,
}

impl ToProxy {
    pub(super) fn new(proxy: Uri) -> Self {
        Self { proxy, inner: DefaultResolver::default() }
    }
}

impl Resolver for ToProxy {
    fn resolve(&self, _: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.inner.resolve(&self.proxy, config, timeout)
    }
}

/// Connects to the proxy.
#[derive(Debug, Default)]
pub(super) struct Forward(TcpConnector);

impl Connector for Forward {
    type Out = Rewriting;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<Rewriting>, Error> {
        let authority = details.uri.authority().map(ToString::to_string).unwrap_or_default();
        let inner = Connector::<()>::connect(&self.0, details, None)?;
        Ok(inner.map(|inner| Rewriting { inner: Box::new(inner), authority }))
    }
}

/// A connection to a proxy.
#[derive(Debug)]
pub(super) struct Rewriting {
    inner: Box<dyn Transport>,
    authority: String,
}

impl Transport for Rewriting {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let output = self.inner.buffers().output();
        let head = absolute_form(&output[..amount], &self.authority);
        let room = output.get_mut(..head.len()).ok_or(Error::Other("a request that is too long".into()))?;
        room.copy_from_slice(&head);
        self.inner.transmit_output(head.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }
}

/// The head of a request with the whole address in its first line. A request of ours has a head and nothing else.
pub fn absolute_form(head: &[u8], authority: &str) -> Vec<u8> {
    const METHOD: &[u8] = b"GET ";
    match head.strip_prefix(METHOD) {
        Some(rest) if rest.starts_with(b"/") => [METHOD, b"http://", authority.as_bytes(), rest].concat(),
        _ => head.to_vec(),
    }
}

#[test]
fn the_first_line_gets_the_whole_address() {
    let head = absolute_form(b"GET /v2/ HTTP/1.1\r\nhost: r.test:5000\r\n\r\n", "r.test:5000");
    assert_eq!(head, b"GET http://r.test:5000/v2/ HTTP/1.1\r\nhost: r.test:5000\r\n\r\n");
    assert_eq!(absolute_form(b"host: r.test\r\n", "r.test"), b"host: r.test\r\n");
}
