//! The configured health checks: each is made again and again by a task of its own, and what it found last is kept.

mod ask;
mod http;
mod runner;
mod verdict;

pub use http::{NotHttp, parse_status, request};
pub use runner::Probes;
pub use verdict::State;
