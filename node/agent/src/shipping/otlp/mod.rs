//! Log lines for a collector of the OpenTelemetry protocol: OTLP 1 over gRPC,
//! `opentelemetry.proto.collector.logs.v1.LogsService/Export`.

mod exporter;
mod records;

pub use exporter::{Authority, Exported, Exporter};
pub use records::request;

/// Messages and the client, generated from `proto/opentelemetry`.
#[allow(missing_docs, clippy::all, clippy::pedantic, reason = "generated code")]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/opentelemetry.rs"));
}

pub use generated::opentelemetry::proto;
