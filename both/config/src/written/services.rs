//! `[firewall]`, `[logging]`, `[health]` and `[metrics]`.

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use super::Setting;
use crate::settings::{LogFormat, LogTransport, Transport};
use crate::types::{Endpoint, EntryName, HttpUrl, Named, Network, Ports, Seconds};

/// What is let in beside the API, ICMP and answers. Everything else is closed.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Firewall {
    /// What is let in.
    pub allow: Option<Vec<Allow>>,
}

impl Read for Firewall {
    fn read(table: &mut Table<'_>) -> Self {
        Self { allow: table.table_list("allow") }
    }
}

/// Ports that are open.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Allow {
    /// Protocol.
    #[schemars(with = "Named<Transport>")]
    pub protocol: Option<Named<Transport>>,
    /// Ports and ranges of them: `[80, "8000-8010"]`.
    #[schemars(with = "Vec<Setting>")]
    pub ports: Option<Vec<Ports>>,
    /// Networks that may come in; anybody unless written otherwise.
    pub from: Option<Vec<Network>>,
}

impl Read for Allow {
    fn read(table: &mut Table<'_>) -> Self {
        Self { protocol: table.text("protocol"), ports: table.settings("ports"), from: table.texts("from") }
    }
}

/// Where log lines are sent to.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Logging {
    /// The targets, by names of your choice.
    pub targets: Option<BTreeMap<EntryName, LogTarget>>,
}

impl Read for Logging {
    fn read(table: &mut Table<'_>) -> Self {
        Self { targets: table.tables("targets") }
    }
}

/// A target for log lines.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogTarget {
    /// Host with port: `logs.example.org:6514`.
    pub address: Option<Endpoint>,
    /// How lines travel; `tls` unless written otherwise.
    pub transport: Option<Named<LogTransport>>,
    /// What a line is; `json` unless written otherwise.
    pub format: Option<Named<LogFormat>>,
}

impl Read for LogTarget {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            address: table.text("address"),
            transport: table.text("transport"),
            format: table.text("format"),
        }
    }
}

/// What has to be well for the node to be healthy.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Health {
    /// Checks that are made again and again, by names of your choice.
    pub checks: Option<BTreeMap<EntryName, Probe>>,
}

impl Read for Health {
    fn read(table: &mut Table<'_>) -> Self {
        Self { checks: table.tables("checks") }
    }
}

/// A check: either `tcp` or `http`.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Probe {
    /// Somebody has to listen at this host and port: `127.0.0.1:80`.
    pub tcp: Option<Endpoint>,
    /// This has to answer with a status from 200 to 299: `http://127.0.0.1/healthz`.
    pub http: Option<HttpUrl>,
    /// Time between two checks; `30s` unless written otherwise.
    pub interval: Option<Seconds>,
    /// Time that an answer may take; `5s` unless written otherwise.
    pub timeout: Option<Seconds>,
    /// How often in a row it may fail before the node counts as unhealthy; 3 unless written otherwise.
    #[schemars(range(min = 1, max = 100))]
    pub failures: Option<u32>,
}

impl Read for Probe {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            tcp: table.text("tcp"),
            http: table.text("http"),
            interval: table.text("interval"),
            timeout: table.text("timeout"),
            failures: table.integer("failures", 1..=100).map(|failures| failures as u32),
        }
    }
}

/// Metrics on a port of their own, over TLS to those who may read. Without it the API alone has them.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Metrics {
    /// TCP port.
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<u16>,
}

impl Read for Metrics {
    fn read(table: &mut Table<'_>) -> Self {
        Self { port: table.integer("port", 1..=65535).map(|port| port as u16) }
    }
}
