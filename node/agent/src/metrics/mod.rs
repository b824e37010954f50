//! Counters and gauges of a node as text: OpenMetrics 1.0.
//!
//! [`Facts`] is what the kernel says, [`Snapshot`] adds what the agent itself knows, and [`render`] makes the text
//! out of both without asking anybody.

mod facts;
mod families;
mod text;

pub use facts::Facts;
pub use families::{ApiCounts, Snapshot, TargetCounts, render};

/// Media type of the text, for who serves it over HTTP.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[cfg(test)]
mod validator;
