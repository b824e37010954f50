//! Words of which a fixed set is allowed: protocols, modes, formats.

use std::borrow::Cow;
use std::str::FromStr;

use corten_document::BadValue;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::settings::{BondMode, FileSystem, LogFormat, LogTransport, RestartPolicy, Transport};

/// A type whose values have names.
pub trait Words: Copy + 'static {
    /// Every value with its name.
    const ALL: &'static [(&'static str, Self)];
}

/// A value by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<T>(pub T);

impl<T: Words> FromStr for Named<T> {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let found = T::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, value)| Self(*value)).ok_or_else(|| {
            let names: Vec<&str> = T::ALL.iter().map(|(name, _)| *name).collect();
            BadValue::not_among(text, &names)
        })
    }
}

impl<T: Words> JsonSchema for Named<T> {
    fn schema_name() -> Cow<'static, str> {
        "Word".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = T::ALL.iter().map(|(name, _)| *name).collect();
        json_schema!({ "type": "string", "enum": names })
    }
}

impl Words for Transport {
    const ALL: &'static [(&'static str, Self)] = &[("tcp", Self::Tcp), ("udp", Self::Udp)];
}

impl Words for BondMode {
    const ALL: &'static [(&'static str, Self)] = &[
        ("active-backup", Self::ActiveBackup),
        ("balance-rr", Self::BalanceRr),
        ("balance-xor", Self::BalanceXor),
        ("802.3ad", Self::Lacp),
        ("balance-tlb", Self::BalanceTlb),
        ("balance-alb", Self::BalanceAlb),
    ];
}

impl Words for FileSystem {
    const ALL: &'static [(&'static str, Self)] = &[("ext4", Self::Ext4)];
}

impl Words for LogTransport {
    const ALL: &'static [(&'static str, Self)] = &[("tcp", Self::Tcp), ("tls", Self::Tls)];
}

impl Words for LogFormat {
    const ALL: &'static [(&'static str, Self)] =
        &[("json", Self::Json), ("syslog", Self::Syslog), ("otlp", Self::Otlp)];
}

impl Words for RestartPolicy {
    const ALL: &'static [(&'static str, Self)] =
        &[("always", Self::Always), ("on-failure", Self::OnFailure), ("never", Self::Never)];
}

/// A role that a workload has at the node's local API, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleName(pub &'static str);

/// The role that may do everything.
pub(crate) const ADMIN: &str = "admin";

impl Words for RoleName {
    const ALL: &'static [(&'static str, Self)] =
        &[("reader", Self("reader")), ("operator", Self("operator")), (ADMIN, Self(ADMIN))];
}

/// Which images of a registry may run, without the keys that go with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// All.
    #[default]
    None,
    /// Those that are named by digest.
    Digest,
    /// Those with a signature.
    Signature,
}

impl Words for Verify {
    const ALL: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("digest", Self::Digest), ("signature", Self::Signature)];
}
