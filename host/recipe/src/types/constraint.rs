//! Constraints on the version of a package: Debian Policy, section 7.1.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use corten_formats::deb::relation::{self, Comparison};
use corten_formats::deb::version::Version;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::BadValue;

/// The comparisons. The archive's old `<` and `>` are not among them, since they mean "or equal".
const COMPARISONS: [(&str, Comparison); 5] = [
    ("<<", Comparison::Earlier),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    (">>", Comparison::Later),
    ("=", Comparison::Exactly),
];

/// A version constraint: `">= 1.7"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint(relation::Constraint);

impl Constraint {
    /// The constraint as the archive's relations have it.
    pub fn get(&self) -> &relation::Constraint {
        &self.0
    }
}

impl FromStr for Constraint {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let found =
            COMPARISONS.iter().find_map(|(sign, comparison)| Some((*comparison, text.strip_prefix(sign)?)));
        let Some((comparison, version)) = found else {
            let expected = "`<<`, `<=`, `=`, `>=` or `>>` and a version";
            let version = text.trim_start_matches(['<', '>', '=', '~', '^', ' ']);
            return Err(match Version::parse(version) {
                Ok(_) => BadValue::or(expected, format!(">= {version}")),
                Err(_) => BadValue::new(expected),
            });
        };
        match Version::parse(version.trim_start_matches(' ')) {
            Ok(version) => Ok(Self(relation::Constraint { comparison, version })),
            Err(error) => Err(BadValue::new(format!("a version after the comparison; {}", error.why))),
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = COMPARISONS.iter().find(|(_, comparison)| *comparison == self.0.comparison);
        write!(f, "{} {}", known.map_or("", |(sign, _)| sign), self.0.version.as_str())
    }
}

impl Serialize for Constraint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Constraint {
    fn schema_name() -> Cow<'static, str> {
        "Constraint".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^(<<|<=|=|>=|>>) *([0-9]+:)?[0-9][0-9A-Za-z.+~:-]*$" })
    }
}
