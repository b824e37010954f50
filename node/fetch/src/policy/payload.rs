//! What cosign signs: "simple signing" (containers/image, docs/containers-signature.5.md; sigstore/cosign,
//! specs/SIGNATURE_SPEC.md). Bytes only.

use corten_oci::digest::Digest;
use serde::Deserialize;

use crate::name::{self, Name};

/// The only type of a payload that says something about an image.
const TYPE: &str = "cosign container image signature";

/// Why a payload does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPayload {
    /// Not the JSON of a payload.
    #[error("what is signed is not cosign's payload")]
    Format,
    /// About something else than an image.
    #[error("what is signed is not about an image")]
    Type,
    /// About another image.
    #[error("what is signed is another image, {0}")]
    Digest(Digest),
    /// For another repository.
    #[error("what is signed is for another repository, {0}")]
    Repository(String),
}

/// What is signed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Payload {
    critical: Critical,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Critical {
    identity: Option<Identity>,
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: Digest,
}

impl Payload {
    /// Reads a payload.
    pub fn read(bytes: &[u8]) -> Result<Self, BadPayload> {
        serde_json::from_slice(bytes).map_err(|_| BadPayload::Format)
    }

    /// Whether it says that this is the image. A name without a repository in it is for any.
    pub fn is_about(&self, name: &Name, digest: Digest) -> Result<(), BadPayload> {
        let Critical { identity, image, kind } = &self.critical;
        if kind != TYPE {
            return Err(BadPayload::Type);
        }
        if image.digest != digest {
            return Err(BadPayload::Digest(image.digest));
        }
        let named = identity.as_ref().and_then(|identity| identity.reference.as_deref());
        let Some(named) = named.filter(|named| !named.is_empty()) else { return Ok(()) };
        let is_same = named.parse().is_ok_and(|other: Name| {
            let is_same = name::key(&other.registry, false) == name::key(&name.registry, false);
            is_same && other.repository == name.repository
        });
        if is_same { Ok(()) } else { Err(BadPayload::Repository(crate::failure::quote(named))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(reference: &str, kind: &str, about: &[u8]) -> Result<(), BadPayload> {
        let digest = Digest::of(about);
        let text = format!(
            r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},
            "image":{{"docker-manifest-digest":"{digest}"}},"type":"{kind}"}},"optional":null}}"#
        );
        let name: Name = "r.test:5000/a/b:1".parse().expect("a name");
        Payload::read(text.as_bytes())?.is_about(&name, Digest::of(b"image"))
    }

    #[test]
    fn a_payload_is_about_one_image_of_one_repository() {
        for same in ["r.test:5000/a/b", "r.test:5000/a/b:2", "R.test:5000/a/b", ""] {
            assert_eq!(verdict(same, TYPE, b"image"), Ok(()), "{same}");
        }
        for other in [
            "r.test:5000/a/c",
            "r.test/a/b",
            "a/b",
            "index.r.test:5000/a/b",
            "evil.r.test:5000/a/b",
            "r.test:5000/a/b/",
        ] {
            assert_eq!(verdict(other, TYPE, b"image"), Err(BadPayload::Repository(other.into())));
        }
        assert_eq!(verdict("", TYPE, b"other"), Err(BadPayload::Digest(Digest::of(b"other"))));
        assert_eq!(verdict("", "atomic container signature", b"image"), Err(BadPayload::Type));
    }

    #[test]
    fn the_names_of_one_registry_are_one() {
        let digest = Digest::of(b"image");
        let about = |reference: &str, name: &str| {
            let text = format!(
                r#"{{"critical":{{"identity":{{"docker-reference":"{reference}"}},
                "image":{{"docker-manifest-digest":"{digest}"}},"type":"{TYPE}"}}}}"#
            );
            let name: Name = name.parse().expect("a name");
            Payload::read(text.as_bytes()).and_then(|payload| payload.is_about(&name, digest))
        };
        for name in ["docker.io/library/a:1", "index.docker.io/library/a", "registry-1.docker.io/library/a"] {
            assert_eq!(about("index.docker.io/library/a", name), Ok(()), "{name}");
        }
        assert_eq!(about("r.test:443/a", "r.test/a:1"), Ok(()));
        assert!(about("docker.io.test/a", "docker.io/a").is_err());
    }

    #[test]
    fn other_bytes_are_no_payload() {
        for bytes in
            ["", "{}", "[]", r#"{"critical":{"image":{"docker-manifest-digest":"sha256:1"},"type":""}}"#]
        {
            assert_eq!(Payload::read(bytes.as_bytes()), Err(BadPayload::Format));
        }
    }
}
