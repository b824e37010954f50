//! Limits of processes as a recipe writes them, and names of capabilities.

use std::borrow::Cow;
use std::str::FromStr;

use corten_document::nearest;
use corten_services::{Capabilities, Limit, StartupWeight};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::BadValue;

/// A limit: a number for both the soft and the hard one, `unlimited`, or both as `SOFT:HARD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitValue(pub Limit);

impl FromStr for LimitValue {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let one = |part: &str| match part {
            "unlimited" => Some(None),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Some),
            _ => None,
        };
        let (soft, hard) = text.split_once(':').unwrap_or((text, text));
        let limit = one(soft).zip(one(hard)).map(|(soft, hard)| Limit { soft, hard });
        // No limit is more than any.
        let sound = limit.filter(|limit| limit.soft.unwrap_or(u64::MAX) <= limit.hard.unwrap_or(u64::MAX));
        sound.map(Self).ok_or_else(|| {
            BadValue::new(
                "a number, `unlimited`, or `SOFT:HARD` with a soft limit that is not above the hard one",
            )
        })
    }
}

impl JsonSchema for LimitValue {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let part = "([0-9]+|unlimited)";
        json_schema!({ "oneOf": [
            { "type": "integer", "minimum": 0 },
            { "type": "string", "pattern": format!("^{part}(:{part})?$") },
        ] })
    }
}

/// A share of the processor while a node starts: a number, or `"idle"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartupWeightValue(pub StartupWeight);

impl FromStr for StartupWeightValue {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "idle" {
            return Ok(Self(StartupWeight::Idle));
        }
        let weight = text.parse().ok().filter(|weight| (1..=10_000).contains(weight));
        let weight = weight.ok_or_else(|| BadValue::new("a number from 1 to 10000, or `idle`"))?;
        Ok(Self(StartupWeight::Weight(weight)))
    }
}

impl JsonSchema for StartupWeightValue {
    fn schema_name() -> Cow<'static, str> {
        "StartupWeight".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "integer", "minimum": 1, "maximum": 10_000 },
            { "const": "idle" },
        ] })
    }
}

/// Name of a capability, `CAP_NET_ADMIN` for example, or `all`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CapabilityName(&'static str);

impl CapabilityName {
    /// The name as text.
    pub fn as_str(&self) -> &'static str {
        self.0
    }
}

impl FromStr for CapabilityName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let known = Capabilities::names().find(|name| *name == text);
        known.map(Self).ok_or_else(|| BadValue {
            expected: "the name of a capability such as `CAP_NET_ADMIN`, or `all`".into(),
            meant: nearest(text, Capabilities::names()).map(str::to_owned),
        })
    }
}

impl JsonSchema for CapabilityName {
    fn schema_name() -> Cow<'static, str> {
        "Capability".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": Capabilities::names().collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_one_number_or_two_or_none() {
        let read =
            |text: &str| text.parse::<LimitValue>().ok().map(|LimitValue(limit)| (limit.soft, limit.hard));
        assert_eq!(read("1024"), Some((Some(1024), Some(1024))));
        assert_eq!(read("1024:524288"), Some((Some(1024), Some(524_288))));
        assert_eq!(read("8:unlimited"), Some((Some(8), None)));
        assert_eq!(read("unlimited"), Some((None, None)));
        for wrong in ["", ":", "1:", "-1", "2:1", "unlimited:1", "1:2:3", "1 k"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
