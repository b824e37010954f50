//! The name of an image at a registry. A registry always has to be named: none is meant by default.

use std::fmt;
use std::str::FromStr;

use corten_oci::digest::Digest;
use corten_oci::reference::{Reference, ReferenceError};

/// The tag that is meant where neither a tag nor a digest is named.
const DEFAULT_TAG: &str = "latest";

/// A name that says where to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// `HOST` or `HOST:PORT`, lower case.
    pub registry: String,
    /// Path at the registry.
    pub repository: String,
    /// What of the repository is meant.
    pub target: Target,
}

/// What of a repository is meant. A digest goes before a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// What the tag leads to now.
    Tag(String),
    /// This content.
    Digest(Digest),
}

/// Why a name does not say where to ask.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Not a name.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// Without a registry.
    #[error("it names no registry: expected HOST/… or HOST:PORT/…")]
    Registry,
}

impl Name {
    /// The digest, if it is named.
    pub fn digest(&self) -> Option<Digest> {
        match self.target {
            Target::Digest(digest) => Some(digest),
            Target::Tag(_) => None,
        }
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Self, BadName> {
        let reference: Reference = text.parse()?;
        let registry = reference.registry().ok_or(BadName::Registry)?.to_ascii_lowercase();
        let target = match (reference.digest(), reference.tag()) {
            (Some(digest), _) => Target::Digest(*digest),
            (None, tag) => Target::Tag(tag.unwrap_or(DEFAULT_TAG).to_owned()),
        };
        Ok(Self { registry, repository: reference.path().to_owned(), target })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registry, repository, target } = self;
        match target {
            Target::Tag(tag) => write!(f, "{registry}/{repository}:{tag}"),
            Target::Digest(digest) => write!(f, "{registry}/{repository}@{digest}"),
        }
    }
}

#[test]
fn names_say_where_to_ask_and_what_for() {
    let read = |text: &str| text.parse::<Name>().map(|name| name.to_string());
    assert_eq!(read("R.test:5000/a/b"), Ok("r.test:5000/a/b:latest".into()));
    let digest = Digest::of(b"x");
    assert_eq!(read(&format!("r.test/a:1@{digest}")), Ok(format!("r.test/a@{digest}")));
    assert_eq!(read("library/nginx:1"), Err(BadName::Registry));
    assert!(matches!(read("r.test/A"), Err(BadName::Reference(_))));
}
