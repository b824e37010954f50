//! One reader's way through the lines of one container. May wait for the disk, so it runs on threads that may.

use std::sync::{Arc, Mutex};

use corten_api::v1;

use super::files::End;
use super::join::{Joiner, Whole};
use super::line::{Stream, parse_line};
use super::store::{Place, Read, Store, lock};

/// Where a reader stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// At what was there when it began.
    Now,
    /// Never: it waits for more.
    Never,
}

/// A reader in the lines of one container.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) store: Arc<Store>,
    place: Arc<Mutex<Place>>,
    until: Option<End>,
    since_ns: i64,
    /// Bytes that were read and not used yet, of this generation.
    bytes: Vec<u8>,
    used: usize,
    generation: u64,
    joiner: Joiner,
    head: Option<Whole>,
    /// Lost lines that were told, and those to be told with the next line.
    told: u64,
    lost: u64,
}

impl Cursor {
    /// At the oldest line, or where the newest so many lines begin.
    pub(super) fn new(store: &Arc<Store>, newest: Option<u64>, since_ns: i64, until: Until) -> Self {
        let end = store.end();
        let place = store.enter(newest, since_ns);
        Self {
            store: Arc::clone(store),
            place,
            until: (until == Until::Now).then_some(end),
            since_ns,
            bytes: Vec::new(),
            used: 0,
            generation: 0,
            joiner: Joiner::default(),
            head: None,
            told: 0,
            lost: 0,
        }
    }

    /// Whether there may be a line. Waits for nothing.
    pub(super) fn has_more(&self) -> bool {
        self.head.is_some() || self.store.has_more(&self.place, self.until)
    }

    /// When the next line was printed. `None` if there is none for now.
    pub(super) fn peek(&mut self) -> Option<i64> {
        while self.head.is_none() {
            match self.record() {
                Some(record) => self.head = record,
                None if !self.fill() => break,
                None => {}
            }
            self.head.take_if(|whole| whole.at_ns < self.since_ns);
        }
        self.head.as_ref().map(|whole| whole.at_ns)
    }

    /// The line that [`Self::peek`] found.
    pub(super) fn take(&mut self) -> Option<v1::ContainerLogLine> {
        let Whole { at_ns, stream, text } = self.head.take()?;
        Some(v1::ContainerLogLine {
            container: self.store.name.to_string(),
            at_ns,
            stream: stream.as_str().into(),
            text: String::from_utf8(text)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
            lost: std::mem::take(&mut self.lost),
        })
    }

    /// Uses one record of what was read: nothing is there, or the line that it ends, if it ends one.
    #[expect(clippy::option_option, reason = "whether there was a record, and whether it ended a line")]
    fn record(&mut self) -> Option<Option<Whole>> {
        let rest = self.bytes.get(self.used..)?;
        let length = memchr::memchr(b'\n', rest)?;
        let line = parse_line(&rest[..length]);
        self.used += length + 1;
        Some(line.and_then(|line| self.joiner.push(line)))
    }

    /// Reads on. Whether something came of it.
    fn fill(&mut self) -> bool {
        let read = self.store.read(&self.place, self.until);
        let total = lock(&self.place).lost;
        let is_gap = total > self.told;
        if is_gap {
            self.lost += total - self.told + self.joiner.forget();
            self.told = total;
        }
        match read {
            Read::Bytes(generation, bytes) => {
                // The end of a record that a power cut tore does not go on in the next file.
                if is_gap || generation != self.generation {
                    self.bytes.clear();
                    self.used = 0;
                }
                self.bytes.drain(..self.used);
                self.used = 0;
                self.generation = generation;
                self.bytes.extend_from_slice(&bytes);
                self.drop_endless();
                true
            }
            Read::Failed(error) => {
                let text =
                    format!("corten: lines are missing here, they can't be read: {error}").into_bytes();
                let at_ns = self.since_ns;
                self.head = Some(Whole { at_ns, stream: Stream::Stderr, text });
                true
            }
            Read::Nothing => {
                if self.used == self.bytes.len() {
                    // One who waits keeps no buffer.
                    self.bytes = Vec::new();
                    self.used = 0;
                }
                self.head = self.until.and_then(|_| self.joiner.rest());
                self.head.is_some()
            }
        }
    }

    /// Without a line feed for longer than a record is, it is no record.
    fn drop_endless(&mut self) {
        if self.bytes.len() > super::line::MAX_RECORD && memchr::memchr(b'\n', &self.bytes).is_none() {
            self.bytes.clear();
        }
    }
}
