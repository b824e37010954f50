//! Containers that print to real FIFOs, and readers of real files.

mod files;
mod live;

use std::path::Path;
use std::time::Duration;

use corten_api::v1;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use super::{ContainerName, Limits, LogError, Logs, Part, Stamp, Stream, parse_line};

/// Files so small that they change places soon.
const SMALL: Limits = Limits { file_bytes: 4096, files: 3 };

type Lines = ReceiverStream<v1::ContainerLogLine>;

fn request(name: &str) -> v1::WorkloadLogsRequest {
    v1::WorkloadLogsRequest { name: name.into(), ..v1::WorkloadLogsRequest::default() }
}

fn followed(name: &str) -> v1::WorkloadLogsRequest {
    v1::WorkloadLogsRequest { follow: true, ..request(name) }
}

/// The next line, or none in a time in which one would have come.
async fn next(lines: &mut Lines) -> Option<v1::ContainerLogLine> {
    tokio::time::timeout(Duration::from_secs(20), lines.next()).await.expect("in time")
}

async fn text(lines: &mut Lines) -> String {
    next(lines).await.expect("a line").text
}

/// All that is kept, as `CONTAINER: TEXT`.
async fn all(logs: &Logs, request: v1::WorkloadLogsRequest) -> Vec<String> {
    let mut lines = logs.read(&request).expect("a name");
    let mut found = Vec::new();
    while let Some(line) = next(&mut lines).await {
        found.push(format!("{}: {}", line.container, line.text));
    }
    found
}

fn folder(root: &Path, name: &str) -> std::path::PathBuf {
    root.join("var/lib/corten/containers/logs").join(name)
}
