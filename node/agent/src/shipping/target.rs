//! The task of one target: connects, sends what the journal has, and begins again when that fails.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use corten_config::settings::{LogFormat, LogTarget};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio_stream::StreamExt as _;

use super::backoff::Backoff;
use super::connection::{Stream, connect};
use super::format::{Origin, line};
use super::runner::Status;
use super::sources::Sources;
use crate::root::Root;

/// Lines are gathered up to this many bytes, so that a flood is not a packet a line.
const BATCH: usize = 32 << 10;
/// A target that takes nothing for so long is connected to anew.
const STUCK: Duration = Duration::from_secs(30);

/// What may change without a line being lost or sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Certificates of authorities, PEM.
    pub authorities: Vec<String>,
    /// Who the lines are from.
    pub origin: Origin,
}

/// Sends for as long as it is not ended.
pub struct Task {
    /// Where files are.
    pub root: Root,
    /// Where lines go.
    pub target: LogTarget,
    /// What is to be sent.
    pub lines: Sources,
    /// What may change.
    pub terms: watch::Receiver<Terms>,
    /// What is told of it.
    pub status: Arc<Mutex<Status>>,
}

/// Lines that are written, and how many. They are kept until the connection took them.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    lines: u64,
}

impl Task {
    /// Runs until it is dropped.
    pub async fn run(mut self) {
        let mut backoff = Backoff::default();
        let mut batch = Batch::default();
        let mut records = Vec::new();
        loop {
            let terms = self.terms.borrow_and_update().clone();
            let mut held = Duration::ZERO;
            let problem = match connect(&self.root, &self.target, &terms.authorities).await {
                Err(error) => error.to_string(),
                Ok(stream) => {
                    let since = Instant::now();
                    self.tell(|status| {
                        *status = Status { connected: true, problem: String::new(), ..*status }
                    });
                    let ended = match self.target.format {
                        LogFormat::Otlp => self.export(stream, &terms, &mut records).await,
                        LogFormat::Json | LogFormat::Syslog => self.send(stream, &terms, &mut batch).await,
                    };
                    held = since.elapsed();
                    ended.map_or_else(|error| error.to_string(), |()| String::new())
                }
            };
            self.tell(|status| *status = Status { connected: false, problem: problem.clone(), ..*status });
            if problem.is_empty() {
                continue;
            }
            let wait = backoff.after(held);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                // Other terms may be better ones. Without a sender the task is about to end.
                changed = self.terms.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Sends until the connection ends, which is an error, or until the terms change.
    async fn send(
        &mut self,
        mut stream: Box<dyn Stream>,
        terms: &Terms,
        batch: &mut Batch,
    ) -> io::Result<()> {
        let mut said = [0; 256];
        loop {
            if batch.lines == 0 {
                let next = tokio::select! {
                    next = self.lines.next() => next,
                    // Targets have nothing to say; what they say is passed over, and an end is an end.
                    read = stream.read(&mut said) => match read? {
                        0 => return Err(io::Error::new(io::ErrorKind::ConnectionReset, "closed by the target")),
                        _ => continue,
                    },
                    _ = self.terms.changed() => return Ok(()),
                };
                self.gather(next, terms, batch);
            }
            let written = tokio::time::timeout(STUCK, async {
                stream.write_all(&batch.bytes).await?;
                stream.flush().await
            });
            written.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
            let lines = std::mem::take(&mut batch.lines);
            batch.bytes.clear();
            self.tell(|status| status.sent += lines);
        }
    }

    /// Takes a line and what else is there already.
    fn gather(&mut self, first: Option<corten_api::v1::LogLine>, terms: &Terms, batch: &mut Batch) {
        let mut lost = 0;
        let mut next = first;
        while let Some(log_line) = next {
            lost += log_line.lost;
            batch.bytes.extend_from_slice(line(&log_line, &terms.origin, self.target.format).as_bytes());
            batch.lines += 1;
            next = if batch.bytes.len() < BATCH { self.lines.next_kept() } else { None };
        }
        if lost > 0 {
            self.tell(|status| status.lost += lost);
        }
    }

    pub(super) fn tell(&self, change: impl FnOnce(&mut Status)) {
        // Nothing panics while it is held, so a poisoned lock is a sound one.
        change(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
