//! Constraints on the version of a package: Debian Policy, section 7.1; version numbers: section 5.6.12.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::BadValue;

/// How a package's version has to stand to the one that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// `<<`
    Earlier,
    /// `<=`
    EarlierOrEqual,
    /// `=`
    Equal,
    /// `>=`
    LaterOrEqual,
    /// `>>`
    Later,
}

const RELATIONS: [(&str, Relation); 5] = [
    ("<<", Relation::Earlier),
    ("<=", Relation::EarlierOrEqual),
    (">=", Relation::LaterOrEqual),
    (">>", Relation::Later),
    ("=", Relation::Equal),
];

/// A version constraint: `">= 1.7"`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Constraint {
    /// How the versions have to stand to each other.
    pub relation: Relation,
    /// The version, in Debian's form.
    pub version: String,
}

impl FromStr for Constraint {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let found = RELATIONS.iter().find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?)));
        let Some((relation, version)) = found else {
            let expected = "a relation `<<`, `<=`, `=`, `>=` or `>>` and a version";
            let version = text.trim_start_matches(['<', '>', '=', '~', '^', ' ']);
            return Err(if is_version(version) {
                BadValue::or(expected, format!(">= {version}"))
            } else {
                BadValue::new(expected)
            });
        };
        let version = version.trim_start_matches(' ');
        if is_version(version) {
            Ok(Self { relation, version: version.to_owned() })
        } else {
            Err(BadValue::new("a version in Debian's form after the relation, for example \">= 1.7\""))
        }
    }
}

/// Whether a text is `[epoch:]upstream-version[-revision]`, the upstream version starting with a digit.
fn is_version(text: &str) -> bool {
    let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
    let epoch_ok = !epoch.is_empty() && epoch.len() <= 9 && epoch.bytes().all(|byte| byte.is_ascii_digit());
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".+-~".contains(&byte);
    epoch_ok
        && rest.len() <= 256
        && rest.starts_with(|first: char| first.is_ascii_digit())
        && rest.bytes().all(allowed)
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign =
            RELATIONS.iter().find(|(_, relation)| *relation == self.relation).map_or("", |(sign, _)| sign);
        write!(f, "{sign} {}", self.version)
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
        json_schema!({ "type": "string", "pattern": "^(<<|<=|=|>=|>>) *([0-9]+:)?[0-9][0-9A-Za-z.+~-]*$" })
    }
}
