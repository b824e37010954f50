//! What the child may say when. The child speaks to the world and may have been taken over by it, so everything is checked
//! again that can be: the policy, the digests of documents, that each document is named by the one before, and that
//! layers come in order and whole. Pure.
//!
//! One thing is left to whoever takes the bytes: the digest of a layer, which a content store computes anyway when it is
//! told to expect it.

use std::collections::BTreeMap;

use corten_oci::digest::{Digest, Hasher};
use corten_oci::manifest::{Descriptor, ImageConfig, Manifest, Platform};

use crate::failure::{Class, Failure};
use crate::image::{self, Document};
use crate::limits::MAX_NESTING;
use crate::name::Name;
use crate::policy::Policy;
use crate::protocol::{DocumentKind, Frame, Header, Order, Trouble};

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The name leads to this content, and the policy lets it run.
    Resolved {
        /// Digest of the index or the manifest.
        digest: Digest,
        /// Its bytes.
        size: u64,
        /// Which key has signed it, as [`Key::digest`](crate::policy::Key::digest), where one has to.
        signed_by: Option<Digest>,
    },
    /// A document, verified.
    Document {
        /// Which one.
        kind: DocumentKind,
        /// Its digest.
        digest: Digest,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// [`Pull::choose`](super::Pull::choose) is waited for.
    Choose {
        /// All layers of the image, each once, the lowest first.
        layers: Vec<Descriptor>,
    },
    /// A piece of a layer. Pieces of one layer come in order without gaps; their digest is not verified yet.
    Data {
        /// The layer.
        digest: Digest,
        /// Where the piece begins.
        offset: u64,
        /// The piece.
        bytes: Vec<u8>,
    },
    /// What came of this layer is void; it comes again from its start.
    Restart {
        /// The layer.
        digest: Digest,
    },
    /// All bytes of this layer came.
    Complete {
        /// The layer.
        digest: Digest,
        /// Its bytes.
        size: u64,
    },
    /// Something failed, and is tried again or elsewhere.
    Trouble(Trouble),
    /// All that was chosen came. [`Pull::next`](super::Pull::next) says `None`.
    Done,
    /// The child gives up. [`Pull::next`](super::Pull::next) says it as an error.
    Failed(Failure),
}

/// What the child must not do.
#[derive(Debug, thiserror::Error)]
pub enum Violation {
    /// Not now.
    #[error("{0} at this point")]
    Order(&'static str),
    /// A document that is not what it has to be.
    #[error("a document that is not the one that was announced")]
    Document,
    /// What it handed over does not pass.
    #[error("{0}")]
    Content(Failure),
    /// A layer that was not chosen, or is complete.
    #[error("bytes of {0}, which nobody waits for")]
    Layer(Digest),
    /// Bytes that leave a gap, come twice or are too many.
    #[error("bytes of {0} that are not the next ones")]
    Offset(Digest),
    /// Not all bytes.
    #[error("{0} is said to be complete and is not")]
    Incomplete(Digest),
    /// The parent's own mistake.
    #[error("{0} is no layer of this image")]
    Choice(Digest),
}

/// Where a pull is.
#[derive(Debug)]
enum State {
    /// The name is not resolved.
    Start,
    /// This document has to come next, after so many indexes.
    Document(Expected, usize),
    /// The configuration of this image has to come next.
    Config(Box<Manifest>),
    /// The documents are there.
    Documents(Box<Manifest>),
    /// The parent has to choose.
    Choosing(Box<Manifest>),
    /// Layers come.
    Layers(BTreeMap<Digest, Layer>),
    /// Nothing may come.
    Over,
}

#[derive(Clone, Debug)]
struct Expected {
    digest: Digest,
    size: u64,
    media_type: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Layer {
    size: u64,
    position: u64,
    is_complete: bool,
}

/// One pull, as far as it has come.
#[derive(Debug)]
pub struct Session {
    name: Name,
    policy: Policy,
    platform: Platform,
    state: State,
}

impl Session {
    /// Nothing has come yet. Fails where the child would have to fail.
    pub fn new(order: &Order) -> Result<Self, Failure> {
        let bad = |error: &dyn std::fmt::Display| Failure::new(Class::Protocol, error.to_string());
        let name: Name =
            order.reference.parse().map_err(|error| bad(&format!("{:?}: {error}", order.reference)))?;
        let policy = Policy::new(&order.registry.verify).map_err(|error| bad(&error))?;
        Ok(Self { name, policy, platform: order.platform.clone(), state: State::Start })
    }

    /// Takes the next frame. After a violation nothing more is taken.
    pub fn accept(&mut self, frame: Frame) -> Result<Event, Violation> {
        let result = self.step(frame);
        if matches!(result, Err(_) | Ok(Event::Done | Event::Failed(_))) {
            self.state = State::Over;
        }
        result
    }

    /// The parent has chosen.
    pub fn choose(&mut self, layers: &[Digest]) -> Result<(), Violation> {
        let State::Choosing(manifest) = &self.state else { return Err(Violation::Order("a choice")) };
        let known = image::layers(manifest);
        let chosen = layers.iter().map(|digest| {
            let layer =
                known.iter().find(|layer| layer.digest == *digest).ok_or(Violation::Choice(*digest))?;
            Ok((*digest, Layer { size: layer.size, position: 0, is_complete: false }))
        });
        let chosen = chosen.collect::<Result<_, Violation>>()?;
        self.state = State::Layers(chosen);
        Ok(())
    }

    fn step(&mut self, frame: Frame) -> Result<Event, Violation> {
        let Frame { header, bytes } = frame;
        if matches!(self.state, State::Over) {
            return Err(Violation::Order("a line after the last one"));
        }
        match header {
            Header::Trouble(trouble) => Ok(Event::Trouble(trouble)),
            Header::Failed(failure) => Ok(Event::Failed(failure)),
            Header::Resolved { digest, size, proof } => {
                if !matches!(self.state, State::Start) {
                    return Err(Violation::Order("a resolved name"));
                }
                let signed_by =
                    self.policy.check(&self.name, digest, proof.as_ref()).map_err(Violation::Content)?;
                self.state = State::Document(Expected { digest, size, media_type: None }, 0);
                Ok(Event::Resolved { digest, size, signed_by })
            }
            Header::Document { kind, digest, .. } => self.document(kind, digest, bytes),
            Header::Choose => {
                let State::Documents(manifest) = std::mem::replace(&mut self.state, State::Over) else {
                    return Err(Violation::Order("a question for layers"));
                };
                let layers = image::layers(&manifest).into_iter().cloned().collect();
                self.state = State::Choosing(manifest);
                Ok(Event::Choose { layers })
            }
            Header::Data { digest, offset, .. } => {
                let layer = self.layer(digest)?;
                let end = offset.checked_add(bytes.len() as u64);
                let end = end.filter(|end| offset == layer.position && *end <= layer.size);
                layer.position = end.ok_or(Violation::Offset(digest))?;
                Ok(Event::Data { digest, offset, bytes })
            }
            Header::Restart { digest } => {
                self.layer(digest)?.position = 0;
                Ok(Event::Restart { digest })
            }
            Header::Complete { digest } => {
                let layer = self.layer(digest)?;
                if layer.position != layer.size {
                    return Err(Violation::Incomplete(digest));
                }
                layer.is_complete = true;
                Ok(Event::Complete { digest, size: layer.size })
            }
            Header::Done => match &self.state {
                State::Layers(layers) => match layers.iter().find(|(_, layer)| !layer.is_complete) {
                    Some((digest, _)) => Err(Violation::Incomplete(*digest)),
                    None => Ok(Event::Done),
                },
                _ => Err(Violation::Order("the end")),
            },
        }
    }

    fn document(&mut self, kind: DocumentKind, digest: Digest, bytes: Vec<u8>) -> Result<Event, Violation> {
        let content = Violation::Content;
        match (std::mem::replace(&mut self.state, State::Over), kind) {
            (State::Document(expected, depth), DocumentKind::Index | DocumentKind::Manifest) => {
                verify(&bytes, digest, expected.digest, expected.size)?;
                match (image::read(&bytes, expected.media_type.as_deref()).map_err(content)?, kind) {
                    (Document::Index(index), DocumentKind::Index) if depth < MAX_NESTING => {
                        let chosen = index.select(&self.platform).ok_or(Violation::Document)?;
                        let Descriptor { digest, size, media_type, .. } = chosen.clone();
                        self.state = State::Document(
                            Expected { digest, size, media_type: Some(media_type) },
                            depth + 1,
                        );
                    }
                    (Document::Manifest(manifest), DocumentKind::Manifest) => {
                        self.state = State::Config(manifest);
                    }
                    _ => return Err(Violation::Document),
                }
            }
            (State::Config(manifest), DocumentKind::Config) => {
                verify(&bytes, digest, manifest.config.digest, manifest.config.size)?;
                let _: ImageConfig =
                    image::read_config(&manifest, &bytes, &self.platform).map_err(content)?;
                self.state = State::Documents(manifest);
            }
            _ => return Err(Violation::Order("a document")),
        }
        Ok(Event::Document { kind, digest, bytes })
    }

    /// A layer that was chosen and is not complete.
    fn layer(&mut self, digest: Digest) -> Result<&mut Layer, Violation> {
        let State::Layers(layers) = &mut self.state else { return Err(Violation::Layer(digest)) };
        layers.get_mut(&digest).filter(|layer| !layer.is_complete).ok_or(Violation::Layer(digest))
    }
}

fn verify(bytes: &[u8], said: Digest, expected: Digest, size: u64) -> Result<(), Violation> {
    let mut hasher = Hasher::new(expected.algorithm());
    hasher.update(bytes);
    let is_it = said == expected && bytes.len() as u64 == size && hasher.finish() == expected;
    if is_it { Ok(()) } else { Err(Violation::Document) }
}
