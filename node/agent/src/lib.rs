//! API server of a node and the reconcilers behind it.
#![forbid(unsafe_code)]

pub mod configuration;
pub mod facts;
pub mod logs;
pub mod metrics;
pub mod probes;
pub mod root;
pub mod shipping;
pub mod support;
