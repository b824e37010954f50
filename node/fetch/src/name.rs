//! The name of an image at a registry. A registry always has to be named: none is meant by default.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use corten_config::settings::Registry;
use corten_oci::digest::Digest;
use corten_oci::reference::{Reference, ReferenceError};

/// The tag that is meant where neither a tag nor a digest is named.
const DEFAULT_TAG: &str = "latest";
/// The names of one registry: what people and images call it, what signatures of cosign call it, and who answers. Only the
/// last one speaks the protocol (docker.io leads to a web site).
const DOCKER: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// Where Docker's registry has what people call by one word.
const OFFICIAL: &str = "library";

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

/// What tells a registry from all others, however it is written: lower case, without the port that is the scheme's own,
/// and one name where it has several.
pub fn key(registry: &str, is_plain: bool) -> String {
    let lower = registry.to_ascii_lowercase();
    let host = lower.strip_suffix(if is_plain { ":80" } else { ":443" }).unwrap_or(&lower);
    if DOCKER.contains(&host) { DOCKER[0].to_owned() } else { host.to_owned() }
}

/// Who answers for a registry: `HOST` or `HOST:PORT`.
pub fn host(registry: &str) -> &str {
    let [name, .., host] = DOCKER;
    if key(registry, false) == name { host } else { registry }
}

/// The settings under the name of a registry, `HOST` or `HOST:PORT`, of which each says whether it would be without TLS.
pub fn named<'r>(
    registries: &'r BTreeMap<String, Registry>,
    registry: &str,
    is_plain: impl Fn(&Registry) -> bool,
) -> Option<&'r Registry> {
    let is_it = |(name, settings): &(&String, &Registry)| {
        key(name, is_plain(settings)) == key(registry, is_plain(settings))
    };
    registries.get(registry).or_else(|| registries.iter().find(is_it).map(|(_, settings)| settings))
}

/// The settings for a registry: its own, or else those for all (`*`).
pub fn settings<'r>(registries: &'r BTreeMap<String, Registry>, registry: &str) -> Option<&'r Registry> {
    named(registries, registry, |settings| settings.plain_http).or_else(|| registries.get("*"))
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
        let path = reference.path();
        let is_official = key(&registry, false) == DOCKER[0] && !path.contains('/');
        let repository = if is_official { format!("{OFFICIAL}/{path}") } else { path.to_owned() };
        Ok(Self { registry, repository, target })
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
fn a_registry_has_one_key_however_it_is_written() {
    assert_eq!(key("R.Test:443", false), "r.test");
    assert_eq!(key("r.test:443", true), "r.test:443");
    assert_eq!(key("r.test:80", true), "r.test");
    assert_eq!(key("[::1]:5000", false), "[::1]:5000");
    for name in ["docker.io", "Index.docker.io", "registry-1.docker.io:443"] {
        assert_eq!((key(name, false).as_str(), host(name)), ("docker.io", "registry-1.docker.io"));
    }
    assert_eq!(host("r.test:5000"), "r.test:5000");
}

#[test]
fn settings_are_found_however_a_registry_is_written() {
    let mirrored = |mirror: &str, plain_http| Registry {
        mirrors: vec![mirror.into()],
        plain_http,
        ..Registry::default()
    };
    let mut registries = BTreeMap::from([
        ("R.test".to_owned(), mirrored("secure", false)),
        ("p.test:80".to_owned(), mirrored("plain", true)),
        ("docker.io".to_owned(), mirrored("docker", false)),
    ]);
    let found = |registries: &BTreeMap<String, Registry>, name: &str| {
        settings(registries, name).map(|settings| settings.mirrors[0].clone()).unwrap_or_default()
    };
    for (name, expected) in [
        ("r.TEST:443", "secure"),
        ("r.test:80", ""),
        ("p.test", "plain"),
        ("p.test:443", ""),
        ("index.docker.io", "docker"),
    ] {
        assert_eq!(found(&registries, name), expected, "{name}");
    }
    registries.insert("*".to_owned(), mirrored("all", false));
    assert_eq!(found(&registries, "r.test:80"), "all");
}

#[test]
fn names_say_where_to_ask_and_what_for() {
    let read = |text: &str| text.parse::<Name>().map(|name| name.to_string());
    assert_eq!(read("R.test:5000/a/b"), Ok("r.test:5000/a/b:latest".into()));
    assert_eq!(read("docker.io/nginx:1"), Ok("docker.io/library/nginx:1".into()));
    assert_eq!(read("docker.io/bitnami/nginx:1"), Ok("docker.io/bitnami/nginx:1".into()));
    let digest = Digest::of(b"x");
    assert_eq!(read(&format!("r.test/a:1@{digest}")), Ok(format!("r.test/a@{digest}")));
    assert_eq!(read("library/nginx:1"), Err(BadName::Registry));
    assert!(matches!(read("r.test/A"), Err(BadName::Reference(_))));
}
