//! The ring that all share: one writer, and as many readers as there are calls.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use corten_api::v1;
use tokio_stream::Stream;

use super::record::Entry;
use super::ring::{Cursor, Ring};

/// The log of the node. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    ring: Ring,
    /// Readers that wait for the next line, by their numbers.
    waiting: BTreeMap<u64, Waker>,
    next_reader: u64,
}

impl Journal {
    /// An empty journal that keeps so many bytes; see [`super::DEFAULT_BYTES`]. [`super::follow`] fills it.
    pub fn new(bytes: usize) -> Self {
        let shared = Shared { ring: Ring::new(bytes), waiting: BTreeMap::new(), next_reader: 0 };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// The lines that a request asks for, as a stream. It ends after the newest line, or never with `follow`.
    pub fn read(&self, request: &v1::ReadLogsRequest) -> Reader {
        let mut shared = self.lock();
        let number = shared.next_reader;
        shared.next_reader += 1;
        Reader { cursor: shared.ring.start(request), journal: self.clone(), number }
    }

    /// The names of all that have printed a line.
    pub fn sources(&self) -> Vec<String> {
        self.lock().ring.sources().map(str::to_owned).collect()
    }

    /// Adds records and wakes those who wait. `lost` is how many were gone before them; `started_ns` is when the
    /// kernel started, nanoseconds since 1970.
    pub fn add(&self, entries: impl IntoIterator<Item = Entry>, lost: u64, started_ns: i64) {
        let waiting = {
            let mut shared = self.lock();
            shared.ring.skip(lost);
            for entry in entries {
                shared.ring.push(entry, started_ns);
            }
            std::mem::take(&mut shared.waiting)
        };
        waiting.into_values().for_each(Waker::wake);
    }

    /// Nothing panics while it is held, so a poisoned lock is a sound one.
    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a journal.
#[derive(Debug)]
pub struct Reader {
    journal: Journal,
    cursor: Cursor,
    number: u64,
}

impl Reader {
    /// The next line, if there is one already.
    pub fn next_kept(&mut self) -> Option<v1::LogLine> {
        self.journal.lock().ring.read(&mut self.cursor)
    }
}

impl Stream for Reader {
    type Item = v1::LogLine;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let reader = self.get_mut();
        let mut shared = reader.journal.lock();
        if let Some(line) = shared.ring.read(&mut reader.cursor) {
            return Poll::Ready(Some(line));
        }
        if !reader.cursor.follows() {
            return Poll::Ready(None);
        }
        shared.waiting.insert(reader.number, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.journal.lock().waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio_stream::StreamExt as _;

    use super::*;

    fn entry(text: &str) -> Entry {
        Entry { source: "web".into(), uptime_us: 0, level: 6, text: text.into() }
    }

    #[tokio::test]
    async fn two_hundred_readers_hear_of_every_line() {
        let journal = Journal::new(1 << 20);
        journal.add([entry("first")], 0, 0);
        let request = v1::ReadLogsRequest { follow: true, ..Default::default() };
        let readers: Vec<_> = (0..200)
            .map(|_| {
                let reader = journal.read(&request);
                tokio::spawn(async move { reader.take(3).map(|line| line.text).collect::<Vec<_>>().await })
            })
            .collect();
        for text in ["second", "third"] {
            tokio::task::yield_now().await;
            journal.add([entry(text)], 0, 0);
        }
        for reader in readers {
            assert_eq!(reader.await.expect("no panic"), ["first", "second", "third"]);
        }
        assert!(journal.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn a_slow_reader_is_told_what_it_missed_and_one_that_goes_is_forgotten() {
        let journal = Journal::new(4096);
        let mut reader = journal.read(&v1::ReadLogsRequest { follow: true, ..Default::default() });
        let waited = tokio::time::timeout(Duration::from_millis(10), reader.next()).await;
        assert!(waited.is_err());
        for number in 0..1000 {
            journal.add([entry(&number.to_string())], 0, 0);
        }
        let first = reader.next().await.expect("a line");
        assert_eq!(first.text, first.lost.to_string());
        assert!(first.lost > 900);
        let _ =
            tokio::time::timeout(Duration::from_millis(10), async { while reader.next().await.is_some() {} })
                .await;
        assert_eq!(journal.lock().waiting.len(), 1);
        drop(reader);
        assert!(journal.lock().waiting.is_empty());
    }

    #[tokio::test]
    async fn without_follow_a_stream_ends() {
        let journal = Journal::new(4096);
        let empty: Vec<_> = journal.read(&v1::ReadLogsRequest::default()).collect().await;
        assert_eq!(empty, []);
        journal.add([entry("one"), entry("two")], 0, 0);
        let lines: Vec<_> = journal.read(&v1::ReadLogsRequest::default()).collect().await;
        assert_eq!(lines.len(), 2);
        // Not even where all that it wanted is gone meanwhile.
        let reader = journal.read(&v1::ReadLogsRequest::default());
        journal.add((0..1000).map(|number| entry(&number.to_string())), 0, 0);
        assert_eq!(reader.collect::<Vec<_>>().await, []);
    }
}
