//! Runs a pull: the child on a thread or as a program, the parent here, sockets between them.

use std::collections::BTreeMap;
use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use corten_config::settings::Registry;
use corten_fetch::fetch::{Timing, serve};
use corten_fetch::http::Timeouts;
use corten_fetch::protocol::{DocumentKind, Trouble};
use corten_fetch::registry::Patience;
use corten_fetch::{Class, Event, Order, Pull, PullError};
use corten_oci::digest::Digest;

use crate::image::{Image, REPOSITORY};
use crate::server::Server;

/// What a parent was given.
#[derive(Debug, Default)]
pub struct Pulled {
    pub resolved: Option<Digest>,
    pub documents: Vec<(DocumentKind, Digest)>,
    pub layers: BTreeMap<Digest, Vec<u8>>,
    pub complete: Vec<Digest>,
    pub restarts: usize,
    pub troubles: Vec<Trouble>,
    pub failure: Option<(Class, String)>,
}

impl Pulled {
    pub fn class(&self) -> Option<Class> {
        self.failure.as_ref().map(|(class, _)| *class)
    }

    pub fn message(&self) -> &str {
        self.failure.as_ref().map_or("", |(_, message)| message)
    }

    /// Whether all of an image is there.
    #[track_caller]
    pub fn assert_is(&self, image: &Image) {
        assert_eq!(self.failure, None, "{:?}", self.troubles);
        assert_eq!(self.resolved, Some(image.digest));
        let documents = [
            (DocumentKind::Index, image.digest),
            (DocumentKind::Manifest, image.manifest),
            (DocumentKind::Config, image.config),
        ];
        assert_eq!(self.documents, documents);
        for (digest, bytes) in &image.layers {
            assert!(self.layers.get(digest) == Some(bytes), "{digest} is not what it should be");
            assert!(self.complete.contains(digest));
        }
    }
}

/// An order for the image of a registry without TLS.
pub fn order(registry: &Server) -> Order {
    let registry_settings =
        Registry { plain_http: registry.place().starts_with("http://"), ..Registry::default() };
    Order { registry: registry_settings, ..Order::new(format!("{}/{REPOSITORY}:1", registry.authority())) }
}

/// An order that goes through a mirror first.
pub fn with_mirrors(registry: &Server, mirrors: &[&Server]) -> Order {
    let mut order = order(registry);
    order.registry.mirrors = mirrors.iter().map(|mirror| mirror.place()).collect();
    order
}

/// Short, so that what a registry does not answer is known soon.
pub fn timing() -> Timing {
    Timing {
        timeouts: Timeouts {
            resolve: Duration::from_secs(20),
            connect: Duration::from_secs(20),
            answer: Duration::from_secs(2),
            stall: Duration::from_secs(2),
            document: Duration::from_secs(20),
        },
        patience: Patience {
            first: Duration::from_millis(10),
            longest: Duration::from_millis(50),
            in_a_row: 3,
            in_all: 12,
        },
    }
}

/// Pulls all layers.
pub fn pull(order: &Order) -> Pulled {
    pull_some(order, |_| true)
}

/// Pulls the layers that are wanted.
pub fn pull_some(order: &Order, wants: impl Fn(Digest) -> bool) -> Pulled {
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let child = std::thread::spawn(move || {
        let mut input = BufReader::new(theirs.try_clone().expect("a socket"));
        serve(&mut input, Box::new(theirs), timing(), || Ok(()))
    });
    let pulled = drive(ours, order, wants);
    // However it ended, the child has to end too.
    let _ = child.join().expect("the child does not panic");
    pulled
}

/// The parent's side over one socket.
pub fn drive(socket: UnixStream, order: &Order, wants: impl Fn(Digest) -> bool) -> Pulled {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut pulled = Pulled::default();
    let result = runtime.block_on(async {
        socket.set_nonblocking(true)?;
        let (reader, writer) = tokio::net::UnixStream::from_std(socket)?.into_split();
        let mut pull = Pull::start(reader, writer, order).await?;
        while let Some(event) = pull.next().await? {
            match event {
                Event::Resolved { digest, .. } => pulled.resolved = Some(digest),
                Event::Document { kind, digest, .. } => pulled.documents.push((kind, digest)),
                Event::Choose { layers } => {
                    let wanted = layers.iter().map(|layer| layer.digest).filter(|digest| wants(*digest));
                    pull.choose(wanted.collect()).await?;
                }
                Event::Data { digest, offset, bytes } => {
                    let layer = pulled.layers.entry(digest).or_default();
                    assert_eq!(layer.len() as u64, offset);
                    layer.extend_from_slice(&bytes);
                }
                Event::Restart { digest } => {
                    pulled.restarts += 1;
                    pulled.layers.remove(&digest);
                }
                Event::Complete { digest, .. } => {
                    // A layer without bytes has no pieces.
                    pulled.layers.entry(digest).or_default();
                    pulled.complete.push(digest);
                }
                Event::Trouble(trouble) => pulled.troubles.push(trouble),
                Event::Done | Event::Failed(_) => unreachable!("they are the end of a pull"),
            }
        }
        Ok::<(), PullError>(())
    });
    pulled.failure = match result {
        Ok(()) => None,
        Err(PullError::Failed(failure)) => Some((failure.class, failure.message)),
        Err(error) => panic!("the parent found fault with the child: {error}"),
    };
    pulled
}
