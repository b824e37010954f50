//! Sends to a collector of the OpenTelemetry protocol: many lines at a time, each of which is kept until the collector
//! has answered.

use std::io;
use std::time::Duration;

use corten_api::v1::LogLine;
use corten_config::settings::LogTransport;
use tokio_stream::StreamExt as _;

use super::connection::Stream;
use super::otlp::{Authority, Exported, Exporter, request};
use super::target::{Task, Terms};
use crate::time::now_ns;

/// Lines that are sent at a time, and bytes of their texts; collectors take requests of 4 MiB.
const MOST_LINES: usize = 512;
const MOST_BYTES: usize = 1 << 20;
/// Time that the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);

impl Task {
    /// Sends until the connection ends, which is an error, or until the terms change. Lines that were not taken are left
    /// in `lines`.
    pub(super) async fn export(
        &mut self,
        stream: Box<dyn Stream>,
        terms: &Terms,
        lines: &mut Vec<LogLine>,
    ) -> io::Result<()> {
        let scheme = match self.target.transport {
            LogTransport::Tcp => "http",
            LogTransport::Tls => "https",
        };
        let authority = Authority { scheme, host: &self.target.host, port: self.target.port };
        let mut exporter = Exporter::begin(stream, authority).await?;
        loop {
            if lines.is_empty() {
                let first = tokio::select! {
                    line = self.lines.next() => line,
                    () = exporter.ended() => {
                        return Err(io::Error::new(io::ErrorKind::ConnectionReset, "closed by the target"));
                    }
                    _ = self.terms.changed() => return Ok(()),
                };
                lines.extend(first);
                self.gather_more(lines).await;
                let lost: u64 = lines.iter().map(|line| line.lost).sum();
                self.tell(|status| status.lost += lost);
            }
            let count = lines.len() as u64;
            match exporter.export(request(lines, &terms.origin, now_ns())).await? {
                Exported::Taken(rejected) => self.tell(|status| {
                    let rejected = rejected.min(count);
                    status.sent += count - rejected;
                    status.lost += rejected;
                    status.problem.clear();
                }),
                Exported::Refused(why) => self.tell(|status| {
                    status.lost += count;
                    status.problem = format!("lines were refused: {why}");
                }),
            }
            lines.clear();
        }
    }

    /// Takes what comes within a moment, as far as there is room.
    async fn gather_more(&mut self, lines: &mut Vec<LogLine>) {
        let mut bytes: usize = lines.iter().map(|line| line.text.len()).sum();
        let mut over = std::pin::pin!(tokio::time::sleep(GATHER));
        while lines.len() < MOST_LINES && bytes < MOST_BYTES {
            tokio::select! {
                biased;
                line = self.lines.next() => {
                    let Some(line) = line else { return };
                    bytes += line.text.len();
                    lines.push(line);
                }
                () = &mut over => return,
            }
        }
    }
}
