//! Copies what a container prints from its FIFOs to its files, for as long as it lives.
//!
//! Each turn takes a bounded number of bytes and then lets all others have theirs, and the next turn waits until the
//! files have taken what this one brought. So a container that prints without end is as fast as the disk and a fair
//! share of the processor let it be, waits in its own write(2) meanwhile, and holds up no other.

use std::future::pending;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::unix::pipe::Receiver;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::fifo;
use super::line::{Part, Stamp, Stream};
use super::split::Splitter;
use super::store::Store;

/// Bytes of each stream that are taken in a turn: half of what a FIFO holds. In the worst case, line feeds alone, they
/// become 1.4 MiB of records, which takes this program a millisecond.
const TURN: usize = 32 << 10;
/// How long a line without an end is held back before it is written as a piece. What is held back is all that a crash
/// of this program loses.
const PATIENCE: Duration = Duration::from_secs(1);
/// What the FIFOs of a container that is over may hold at most: /proc/sys/fs/pipe-max-size for each stream.
const REST: usize = 2 << 20;

/// What is copied where.
#[derive(Debug)]
pub(super) struct Pump {
    store: Arc<Store>,
    pipes: [Pipe; 2],
    /// Counts changes of any container.
    news: watch::Sender<u64>,
}

#[derive(Debug)]
struct Pipe {
    receiver: Receiver,
    stream: Stream,
    splitter: Splitter,
}

/// Records of one turn.
struct Batch {
    records: Vec<u8>,
    stamp: Stamp,
    at_ns: i64,
    /// Bytes of the container in it.
    taken: usize,
}

impl Pump {
    pub(super) fn new(
        store: Arc<Store>,
        stdout: Receiver,
        stderr: Receiver,
        news: watch::Sender<u64>,
    ) -> Self {
        let pipe = |receiver, stream| Pipe { receiver, stream, splitter: Splitter::default() };
        Self { store, pipes: [pipe(stdout, Stream::Stdout), pipe(stderr, Stream::Stderr)], news }
    }

    /// Copies until it is told that the container is over, then what is still in the FIFOs. If nobody is there any more
    /// to tell that, it leaves what is in the FIFOs to the next one.
    pub(super) async fn run(mut self, over: oneshot::Receiver<()>) -> io::Result<()> {
        let result = self.copy(over).await;
        self.store.set_attached(false);
        result
    }

    async fn copy(&mut self, mut over: oneshot::Receiver<()>) -> io::Result<()> {
        let mut patience = None;
        let is_over = loop {
            let [stdout, stderr] = &self.pipes;
            tokio::select! {
                biased;
                told = &mut over => break told.is_ok(),
                ready = stdout.receiver.readable() => ready?,
                ready = stderr.receiver.readable() => ready?,
                () = until(patience) => {
                    let mut batch = Batch::new();
                    self.flush(Part::Partial, &mut batch);
                    self.write(batch).await;
                    patience = None;
                    continue;
                }
            }
            let batch = self.turn(Receiver::try_read)?;
            self.write(batch).await;
            let holds_back = self.pipes.iter().any(|pipe| pipe.splitter.holds_back());
            patience = holds_back.then(|| patience.unwrap_or_else(|| Instant::now() + PATIENCE));
            tokio::task::yield_now().await;
        };
        let mut taken = 0;
        while is_over && taken < REST {
            let batch = self.turn(fifo::read_now)?;
            if batch.taken == 0 {
                break;
            }
            taken += batch.taken;
            self.write(batch).await;
            tokio::task::yield_now().await;
        }
        let mut last = Batch::new();
        self.flush(if is_over { Part::Full } else { Part::Partial }, &mut last);
        self.write(last).await;
        Ok(())
    }

    /// Takes what is there, up to a limit.
    fn turn(&mut self, read: fn(&Receiver, &mut [u8]) -> io::Result<usize>) -> io::Result<Batch> {
        let mut batch = Batch::new();
        let mut buffer = vec![0; TURN];
        for pipe in &mut self.pipes {
            let mut left = TURN;
            while left > 0 {
                let length = match read(&pipe.receiver, &mut buffer[..left]) {
                    Ok(0) => break,
                    Ok(length) => length,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                left -= length;
                batch.taken += length;
                let (stamp, records, stream) = (&batch.stamp, &mut batch.records, pipe.stream);
                pipe.splitter.push(&buffer[..length], |part, text| stamp.write(stream, part, text, records));
            }
        }
        Ok(batch)
    }

    fn flush(&mut self, part: Part, batch: &mut Batch) {
        for pipe in &mut self.pipes {
            let (stamp, records, stream) = (&batch.stamp, &mut batch.records, pipe.stream);
            pipe.splitter.flush(part, |part, text| stamp.write(stream, part, text, records));
        }
    }

    /// One write for all records of a turn, on a thread that may wait for the disk.
    async fn write(&self, batch: Batch) {
        if batch.records.is_empty() {
            return;
        }
        let store = Arc::clone(&self.store);
        // It is a write that panicked if this fails, and there is nobody whom the next line would help.
        let _ = tokio::task::spawn_blocking(move || store.append(&batch.records, batch.at_ns)).await;
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl Batch {
    fn new() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let at_ns = i64::try_from(since.as_nanos()).unwrap_or(i64::MAX);
        Self { records: Vec::new(), stamp: Stamp::new(at_ns), at_ns, taken: 0 }
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => pending().await,
    }
}
