//! Names of images as people write them (the grammar of the distribution project, `reference/reference.go`):
//!
//! ```text
//! reference  = [ registry "/" ] path [ ":" tag ] [ "@" digest ]
//! registry   = host [ ":" port ]        host = name, IPv4 address or "[" IPv6 address "]"
//! path       = part { "/" part }        part = a-z 0-9, and between them  .  _  __  or any number of -
//! tag        = A-Z a-z 0-9 _ . -        128 at most, the first one no . or -
//! ```
//!
//! The first part is a registry if it has a `.` or `:` or is `localhost`. There is no registry that is meant when none
//! is named: whose images are run is nothing to be guessed.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::{Digest, DigestError};

/// Longest registry and path together, bytes.
const MAX_NAME: usize = 255;

/// Longest tag, bytes.
const MAX_TAG: usize = 128;

/// The name of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    registry: Option<String>,
    path: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

/// Why a text names no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// There is no path.
    #[error("it has no path of an image")]
    Empty,
    /// Longer than allowed.
    #[error("it is longer than {MAX_NAME} letters")]
    Length,
    /// The registry is none.
    #[error("{0:?} is no registry: expected HOST or HOST:PORT")]
    Registry(String),
    /// A part of the path has other letters.
    #[error("{0:?} can't be part of the path of an image: expected a-z and 0-9, and . _ - between them")]
    Path(String),
    /// The tag is none.
    #[error(
        "{0:?} is no tag: expected up to {MAX_TAG} of A-Z a-z 0-9 _ . -, the first one a letter, digit or _"
    )]
    Tag(String),
    /// The digest is none.
    #[error(transparent)]
    Digest(#[from] DigestError),
}

impl Reference {
    /// `HOST` or `HOST:PORT`, if one is named.
    pub fn registry(&self) -> Option<&str> {
        self.registry.as_deref()
    }

    /// What the registry knows it by.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The tag.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of its manifest or index.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Registry and path.
    pub fn name(&self) -> String {
        match &self.registry {
            Some(registry) => format!("{registry}/{}", self.path),
            None => self.path.clone(),
        }
    }

    /// The same with another tag and without a digest.
    pub fn with_tag(&self, tag: &str) -> Result<Self, ReferenceError> {
        let tag = Some(check_tag(tag)?.to_owned());
        Ok(Self { tag, digest: None, ..self.clone() })
    }

    /// The same with a digest and without a tag.
    #[must_use]
    pub fn with_digest(&self, digest: Digest) -> Self {
        Self { tag: None, digest: Some(digest), ..self.clone() }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.parse()?)),
            None => (text, None),
        };
        let (registry, rest) = match rest.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (Some(check_registry(first)?.to_owned()), rest)
            }
            _ => (None, rest),
        };
        let (path, tag) = match rest.split_once(':') {
            Some((path, tag)) => (path, Some(check_tag(tag)?.to_owned())),
            None => (rest, None),
        };
        let reference = Self { registry, path: check_path(path)?.to_owned(), tag, digest };
        if reference.name().len() > MAX_NAME {
            return Err(ReferenceError::Length);
        }
        Ok(reference)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Somebody else's text may be long, and this one is shown.
fn shown(text: &str) -> String {
    text.chars().take(160).collect()
}

fn check_registry(text: &str) -> Result<&str, ReferenceError> {
    let wrong = || ReferenceError::Registry(shown(text));
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']').ok_or_else(wrong)?;
            address.parse::<Ipv6Addr>().map_err(|_| wrong())?;
            ("", rest.strip_prefix(':').or(if rest.is_empty() { None } else { Some("") }))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let is_label = |label: &str| {
        let good = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'-';
        !label.is_empty() && label.bytes().all(good) && !label.starts_with('-') && !label.ends_with('-')
    };
    let host_is_good = text.starts_with('[') || host.split('.').all(is_label);
    let port_is_good = port
        .is_none_or(|port| port.bytes().all(|digit| digit.is_ascii_digit()) && port.parse::<u16>().is_ok());
    if host_is_good && port_is_good { Ok(text) } else { Err(wrong()) }
}

fn check_path(path: &str) -> Result<&str, ReferenceError> {
    if path.is_empty() {
        return Err(ReferenceError::Empty);
    }
    match path.split('/').find(|part| !is_part(part)) {
        Some(part) => Err(ReferenceError::Path(shown(part))),
        None => Ok(path),
    }
}

fn is_part(part: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    // What stands between two runs of plain letters has to be one separator.
    let separators_are_good = part
        .split(is_plain)
        .filter(|between| !between.is_empty())
        .all(|between| matches!(between, "." | "_" | "__") || between.bytes().all(|letter| letter == b'-'));
    part.starts_with(is_plain) && part.ends_with(is_plain) && separators_are_good
}

fn check_tag(tag: &str) -> Result<&str, ReferenceError> {
    let is_word = |letter: u8| letter.is_ascii_alphanumeric() || letter == b'_';
    let first = tag.bytes().next().is_some_and(is_word);
    let rest = tag.bytes().all(|letter| is_word(letter) || matches!(letter, b'.' | b'-'));
    if first && rest && tag.len() <= MAX_TAG { Ok(tag) } else { Err(ReferenceError::Tag(shown(tag))) }
}
