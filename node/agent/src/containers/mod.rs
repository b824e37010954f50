//! The service that runs containers, as the agent sees it: a program of root's that serves `Workloads`, `Images` and
//! `Volumes` on a socket of its own. The agent decides who may call, passes the calls on unchanged, and calls it itself
//! for health, events, metrics and logs.
//!
//! ```text
//! caller ──> gate ──> Forward ──┐
//! agent: watch, lines ──────────┴──> Containers ──> one connection of HTTP/2 ──> /run/corten/containers/api.sock
//! ```

mod answer;
mod forward;
mod known;
mod lines;
mod verdict;
mod watch;
mod way;
mod words;

pub use forward::Forward;
pub use known::{Change, Known};
pub use lines::{KEPT_BYTES, lines};
pub use verdict::essential;
pub use watch::watch;
pub use way::{Containers, PROGRAM, SOCKET};
pub use words::words;

use corten_api::v1::{images_server, volumes_server, workloads_server};

/// The services that are passed on.
const SERVICES: [&str; 3] =
    [workloads_server::SERVICE_NAME, images_server::SERVICE_NAME, volumes_server::SERVICE_NAME];

/// Whether a path of a request is a method of these.
pub fn is_passed_on(path: &str) -> bool {
    let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    SERVICES.contains(&service)
}
