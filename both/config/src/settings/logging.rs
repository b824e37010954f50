//! Where log lines are sent to.

use serde::{Deserialize, Serialize};

/// A target for log lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LogTarget {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How lines travel.
    pub transport: LogTransport,
    /// What a line is.
    pub format: LogFormat,
}

/// How lines travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogTransport {
    /// TCP in the clear.
    Tcp,
    /// TLS; the target's certificate has to be of an authority that the node trusts, and for its name.
    #[default]
    Tls,
}

/// What a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// A JSON object.
    #[default]
    Json,
    /// RFC 5424, framed by newlines (RFC 6587, 3.4.2).
    Syslog,
    /// A record of the OpenTelemetry protocol over gRPC; the target is a collector.
    Otlp,
}
