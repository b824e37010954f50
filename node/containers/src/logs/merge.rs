//! The lines of several containers as one sequence, by time. May wait for the disk.

use std::sync::Arc;

use corten_api::v1;

use super::cursor::{Cursor, Until};
use super::store::Store;

/// Lines, and bytes of text, that are read before the reader gets them.
const BATCH_LINES: usize = 256;
const BATCH_BYTES: usize = 64 << 10;

/// What somebody asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    /// The newest so many lines of all together; `None` for all.
    pub(super) newest: Option<u64>,
    pub(super) since_ns: i64,
    pub(super) until: Until,
}

/// Whether there is more to read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum More {
    /// There may be.
    Perhaps,
    /// All was read that is there.
    Nothing,
}

/// Readers of several containers.
#[derive(Debug)]
pub(super) struct Merge {
    question: Question,
    cursors: Vec<Cursor>,
    /// Lines to leave out before the first one that was asked for.
    skip: u64,
}

impl Merge {
    /// Readers of these containers.
    pub(super) fn new(stores: &[Arc<Store>], question: Question) -> Self {
        let Question { newest, since_ns, until } = question;
        let open = |until| -> Vec<Cursor> {
            stores.iter().map(|store| Cursor::new(store, newest, since_ns, until)).collect()
        };
        let skip = match newest {
            // The newest lines of each are more than the newest of all. To know how many more, they are counted.
            Some(newest) if stores.len() > 1 => {
                open(Until::Now).into_iter().map(count).sum::<u64>().saturating_sub(newest)
            }
            _ => 0,
        };
        Self { question, cursors: open(until), skip }
    }

    /// Takes in containers that came, with all their lines, and lets go of those that were removed and are read.
    pub(super) fn follow(&mut self, stores: &[Arc<Store>]) {
        self.cursors.retain(|cursor| {
            cursor.has_more() || stores.iter().any(|store| Arc::ptr_eq(store, &cursor.store))
        });
        for store in stores {
            if !self.cursors.iter().any(|cursor| Arc::ptr_eq(store, &cursor.store)) {
                self.cursors.push(Cursor::new(store, None, self.question.since_ns, self.question.until));
            }
        }
    }

    /// Whether there may be a line. Waits for nothing.
    pub(super) fn has_more(&self) -> bool {
        self.cursors.iter().any(Cursor::has_more)
    }

    /// The next lines.
    pub(super) fn batch(&mut self) -> (Vec<v1::ContainerLogLine>, More) {
        let mut lines = Vec::new();
        let mut bytes = 0;
        // When the next line of each was printed; one that has none now is not asked again before the next batch.
        let mut heads: Vec<Option<i64>> = self.cursors.iter_mut().map(Cursor::peek).collect();
        while lines.len() < BATCH_LINES && bytes < BATCH_BYTES {
            let earliest =
                heads.iter().enumerate().filter_map(|(at, head)| head.map(|head| (head, at))).min();
            let Some((_, at)) = earliest else { return (lines, More::Nothing) };
            let Some(cursor) = self.cursors.get_mut(at) else { break };
            let line = cursor.take();
            heads[at] = cursor.peek();
            if self.skip > 0 {
                self.skip -= 1;
            } else if let Some(line) = line {
                bytes += line.text.len();
                lines.push(line);
            }
        }
        (lines, More::Perhaps)
    }
}

fn count(mut cursor: Cursor) -> u64 {
    let mut lines = 0;
    while cursor.peek().is_some() {
        cursor.take();
        lines += 1;
    }
    lines
}
