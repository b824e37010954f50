//! Names and digests of container images, by the rules of `corten_oci`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use corten_oci::digest::Digest;
use corten_oci::limits;
use corten_oci::reference::Reference;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::BadValue;

/// Name of a container image, with a tag or without, and without a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageName(Reference);

impl ImageName {
    /// The name as `corten_oci` reads it.
    pub fn reference(&self) -> &Reference {
        &self.0
    }
}

impl FromStr for ImageName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let expected = "the name of an image, for example `web:1` or `registry.example/team/web:1`";
        let reference: Reference = text.parse().map_err(|_| BadValue::new(expected))?;
        match (reference.digest(), text.split_once('@')) {
            (Some(_), Some((name, _))) => {
                Err(BadValue::or("the name of an image without its digest, which is a key of its own", name))
            }
            _ => Ok(Self(reference)),
        }
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for ImageName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ImageName {
    fn schema_name() -> Cow<'static, str> {
        "ImageName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "maxLength": limits::NAME, "pattern": "^[^@]+$" })
    }
}

/// Digest of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageDigest(pub Digest);

impl FromStr for ImageDigest {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        text.parse().map(Self).map_err(|_| BadValue::new("`sha256:` and 64 digits of `0-9` and `a-f`"))
    }
}

impl Serialize for ImageDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for ImageDigest {
    fn schema_name() -> Cow<'static, str> {
        "ImageDigest".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$" })
    }
}
