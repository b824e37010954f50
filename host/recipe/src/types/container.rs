//! How a container runs: users, ports, signals.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use corten_document::nearest;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::{AccountName, BadValue};

/// A user or group of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// By its name in the recipe.
    Name(AccountName),
    /// By number; it need not have a name.
    Number(u32),
}

impl FromStr for Account {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text.bytes().all(|byte| byte.is_ascii_digit())
            && let Ok(number) = text.parse::<u32>()
            && number < u32::MAX
        {
            return Ok(Self::Number(number));
        }
        text.parse().map(Self::Name)
    }
}

/// Who runs a container: `USER` or `USER:GROUP`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContainerUser {
    /// The user.
    pub user: Account,
    /// The group, where it is not the user's own.
    pub group: Option<Account>,
}

impl FromStr for ContainerUser {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let (user, group) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let wrong = |_| BadValue::new("`USER` or `USER:GROUP`, each a name of this recipe or a number");
        let group = group.map(str::parse).transpose().map_err(wrong)?;
        Ok(Self { user: user.parse().map_err(wrong)?, group })
    }
}

impl JsonSchema for ContainerUser {
    fn schema_name() -> Cow<'static, str> {
        "ContainerUser".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = "([a-z_][a-z0-9_-]{0,31}|[0-9]+)";
        json_schema!({ "oneOf": [
            { "type": "integer", "minimum": 0, "maximum": u32::MAX - 1 },
            { "type": "string", "pattern": format!("^{one}(:{one})?$") },
        ] })
    }
}

/// A port that a container listens on: `PORT`, which is TCP, or `PORT/PROTOCOL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExposedPort {
    port: u16,
    protocol: &'static str,
}

/// Protocols of ports: those of the OCI image specification, and SCTP, which every tool takes.
const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

impl FromStr for ExposedPort {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let (port, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
        let protocol = PROTOCOLS.into_iter().find(|known| *known == protocol);
        let port = port.parse().ok().filter(|port| *port != 0 && !text.starts_with('+'));
        port.zip(protocol).map(|(port, protocol)| Self { port, protocol }).ok_or_else(|| {
            BadValue::new(
                "a port of 1 to 65535 with `/tcp`, `/udp` or `/sctp` behind it, or with nothing for TCP",
            )
        })
    }
}

impl fmt::Display for ExposedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol)
    }
}

impl Serialize for ExposedPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ExposedPort {
    fn schema_name() -> Cow<'static, str> {
        "ExposedPort".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "oneOf": [
            { "type": "integer", "minimum": 1, "maximum": u16::MAX },
            { "type": "string", "pattern": format!("^[1-9][0-9]*(/({}))?$", PROTOCOLS.join("|")) },
        ] })
    }
}

/// Name of a signal: `SIGTERM`, or `SIGRTMIN+3`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct SignalName(String);

/// Signals that may end a program: those of signal(7) that a process can be sent by others and that do not stop it.
const SIGNALS: [&str; 12] = [
    "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGPWR",
    "SIGALRM", "SIGABRT", "SIGIO",
];

/// Real-time signals, counted from the first: glibc has 64 signals, of which it keeps two of the upper half.
const REAL_TIME: std::ops::RangeInclusive<u8> = 0..=30;

impl SignalName {
    /// The name, `SIG` first.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SignalName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let real_time = text.strip_prefix("SIGRTMIN+").and_then(|number| number.parse().ok());
        if SIGNALS.contains(&text) || real_time.is_some_and(|number| REAL_TIME.contains(&number)) {
            return Ok(Self(text.to_owned()));
        }
        let expected = "the name of a signal that ends a program, for example `SIGQUIT` or `SIGRTMIN+3`";
        let whole = format!("SIG{}", text.trim_start_matches("SIG").to_ascii_uppercase());
        Err(match nearest(&whole, SIGNALS) {
            Some(close) => BadValue::or(expected, close),
            None => BadValue::new(expected),
        })
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for SignalName {
    fn schema_name() -> Cow<'static, str> {
        "SignalName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": format!("^({}|SIGRTMIN\\+[0-9]+)$", SIGNALS.join("|")) })
    }
}
