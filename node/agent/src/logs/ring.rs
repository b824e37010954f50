//! The newest records up to a number of bytes, and cursors of those who read them. Pure.
//!
//! Every record has a number among all and one among those of its source, so that a reader of one source learns
//! exactly how many of *its* lines it missed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use corten_api::v1;

use super::record::{Entry, OTHER};

/// Bytes that are kept where nobody says otherwise: some 15,000 lines, more than the kernel's buffer holds.
pub const DEFAULT_BYTES: usize = 2 << 20;
/// What a record costs beside its text.
const OVERHEAD: usize = size_of::<Record>();
/// Sources that are told apart; services and containers are fewer, so only one who writes to the device himself can
/// reach it.
const MAX_SOURCES: usize = 1024;

#[derive(Debug)]
struct Record {
    /// Among all; one that the kernel lost has a number as well.
    number: u64,
    /// Among those of its source.
    nth: u64,
    source: Arc<str>,
    at_ns: i64,
    uptime_us: u64,
    level: u8,
    text: Box<str>,
}

/// The newest records.
#[derive(Debug)]
pub struct Ring {
    records: VecDeque<Record>,
    bytes: usize,
    limit: usize,
    /// Number of the next record.
    next: u64,
    /// How many there were of each source.
    sources: BTreeMap<Arc<str>, u64>,
}

/// Where a reader is.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// The next record to look at.
    next: u64,
    /// Where a reader that does not follow stops.
    end: Option<u64>,
    filter: Filter,
}

#[derive(Clone, Debug)]
enum Filter {
    All,
    /// Of one source, with the number in it of the next one.
    Source(String, u64),
}

impl Cursor {
    /// Whether there may be more when there is nothing to read now.
    pub fn follows(&self) -> bool {
        self.end.is_none()
    }
}

impl Ring {
    /// An empty one that keeps so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { records: VecDeque::new(), bytes: 0, limit, next: 0, sources: BTreeMap::new() }
    }

    /// Adds a record. `started_ns` is when the kernel started, nanoseconds since 1970.
    pub fn push(&mut self, entry: Entry, started_ns: i64) {
        let source = self.source(&entry.source);
        let count = self.sources.entry(Arc::clone(&source)).or_default();
        let record = Record {
            number: self.next,
            nth: *count,
            source,
            at_ns: started_ns.saturating_add_unsigned(entry.uptime_us.saturating_mul(1000)),
            uptime_us: entry.uptime_us,
            level: entry.level,
            text: entry.text.into(),
        };
        *count += 1;
        self.next += 1;
        self.bytes += OVERHEAD + record.text.len();
        self.records.push_back(record);
        while self.bytes > self.limit {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= OVERHEAD + oldest.text.len();
        }
    }

    /// Counts records that were gone before they could be read.
    pub fn skip(&mut self, count: u64) {
        self.next = self.next.saturating_add(count);
    }

    /// A cursor at what a request asks for.
    pub fn start(&self, request: &v1::ReadLogsRequest) -> Cursor {
        let wanted = |record: &&Record| {
            (request.source.is_empty() || *record.source == *request.source)
                && record.at_ns >= request.since_ns
        };
        let first = match usize::try_from(request.tail).unwrap_or(usize::MAX) {
            0 => self.records.iter().find(wanted),
            tail => self.records.iter().rev().filter(wanted).take(tail).last(),
        };
        let filter = if request.source.is_empty() {
            Filter::All
        } else {
            let later = || self.sources.get(request.source.as_str()).copied().unwrap_or(0);
            Filter::Source(request.source.clone(), first.map_or_else(later, |record| record.nth))
        };
        let next = first.map_or(self.next, |record| record.number);
        Cursor { next, end: (!request.follow).then_some(self.next), filter }
    }

    /// The next line for a cursor, and how many it missed before that. `None` while there is none.
    pub fn read(&self, cursor: &mut Cursor) -> Option<v1::LogLine> {
        let end = cursor.end.unwrap_or(self.next);
        let first = self.records.partition_point(|record| record.number < cursor.next);
        for record in self.records.range(first..).take_while(|record| record.number < end) {
            let lost = match &mut cursor.filter {
                Filter::All => record.number - cursor.next,
                Filter::Source(source, _) if **source != *record.source => continue,
                Filter::Source(_, next) => {
                    let lost = record.nth.saturating_sub(*next);
                    *next = record.nth + 1;
                    lost
                }
            };
            cursor.next = record.number + 1;
            return Some(line(record, lost));
        }
        // A reader of everything still has to hear of what it missed; one of a source counts in the source.
        if matches!(cursor.filter, Filter::Source(..)) {
            cursor.next = cursor.next.max(end);
        }
        None
    }

    /// The names of all that have printed a line.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.sources.keys().map(|name| &**name)
    }

    /// The name of a source, kept once.
    fn source(&self, name: &str) -> Arc<str> {
        match self.sources.get_key_value(name) {
            Some((known, _)) => Arc::clone(known),
            None if self.sources.len() < MAX_SOURCES => Arc::from(name),
            None => self
                .sources
                .get_key_value(OTHER)
                .map_or_else(|| Arc::from(OTHER), |(known, _)| Arc::clone(known)),
        }
    }
}

fn line(record: &Record, lost: u64) -> v1::LogLine {
    v1::LogLine {
        source: record.source.to_string(),
        at_ns: record.at_ns,
        uptime_ms: record.uptime_us / 1000,
        level: u32::from(record.level),
        text: record.text.to_string(),
        lost,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(source: &str, text: &str, uptime_us: u64) -> Entry {
        Entry { source: source.into(), uptime_us, level: 6, text: text.into() }
    }

    fn filled() -> Ring {
        let mut ring = Ring::new(DEFAULT_BYTES);
        for (at, source) in ["a", "b", "a", "a", "b"].into_iter().enumerate() {
            ring.push(entry(source, &at.to_string(), at as u64 * 1_000_000), 1_000_000_000);
        }
        ring
    }

    fn texts(ring: &Ring, request: &v1::ReadLogsRequest) -> String {
        let mut cursor = ring.start(request);
        std::iter::from_fn(|| ring.read(&mut cursor)).map(|line| line.text).collect()
    }

    #[test]
    fn a_reader_gets_what_it_asked_for() {
        let ring = filled();
        let request = |source: &str, tail, since_s: i64| v1::ReadLogsRequest {
            source: source.into(),
            tail,
            since_ns: since_s * 1_000_000_000,
            follow: false,
        };
        assert_eq!(texts(&ring, &request("", 0, 0)), "01234");
        assert_eq!(texts(&ring, &request("a", 0, 0)), "023");
        assert_eq!(texts(&ring, &request("a", 2, 0)), "23");
        assert_eq!(texts(&ring, &request("", 3, 0)), "234");
        // The record with number 3 is of 3 s after a start at 1 s.
        assert_eq!(texts(&ring, &request("", 0, 4)), "34");
        assert_eq!(texts(&ring, &request("a", 5, 4)), "3");
        assert_eq!(texts(&ring, &request("c", 0, 0)), "");
        assert_eq!(texts(&ring, &request("", 9, 99)), "");
    }

    #[test]
    fn a_reader_that_does_not_follow_has_an_end() {
        let mut ring = filled();
        let mut cursor = ring.start(&v1::ReadLogsRequest { tail: 1, ..Default::default() });
        ring.push(entry("a", "later", 9), 0);
        assert!(!cursor.follows());
        assert_eq!(ring.read(&mut cursor).expect("a line").text, "4");
        assert_eq!(ring.read(&mut cursor), None);
    }

    #[test]
    fn what_the_kernel_lost_counts_for_readers_of_everything() {
        let mut ring = Ring::new(DEFAULT_BYTES);
        let mut all = ring.start(&v1::ReadLogsRequest { follow: true, ..Default::default() });
        ring.skip(7);
        assert_eq!(ring.read(&mut all), None);
        ring.push(entry("a", "x", 0), 0);
        assert_eq!(ring.read(&mut all).expect("a line").lost, 7);
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut ring = Ring::new(DEFAULT_BYTES);
        for at in 0..2000 {
            ring.push(entry(&format!("s{at}"), "x", 0), 0);
        }
        assert!(ring.sources.len() <= MAX_SOURCES + 1);
        assert_eq!(
            texts(&ring, &v1::ReadLogsRequest { source: OTHER.into(), ..Default::default() }).len(),
            976
        );
    }

    proptest! {
        /// Whatever is written and read in whatever order: nothing comes twice or out of order, the bytes stay within
        /// their limit, and lines that came and lines that were lost are together all of them.
        #[test]
        fn every_line_comes_or_is_counted(
            steps in prop::collection::vec((0_usize..3, 1_usize..40), 1..60),
            source in prop::sample::select(vec!["", "a", "b"]),
        ) {
            let limit = 40 * OVERHEAD;
            let mut ring = Ring::new(limit);
            let request = v1::ReadLogsRequest { source: source.into(), follow: true, ..Default::default() };
            let mut cursor = ring.start(&request);
            let (mut written, mut accounted, mut last) = (0_u64, 0, None);
            for (what, count) in steps {
                for _ in 0..count {
                    match what {
                        2 => {
                            let Some(line) = ring.read(&mut cursor) else { continue };
                            accounted += line.lost + 1;
                            prop_assert!(source.is_empty() || line.source == source);
                            prop_assert!(last.is_none_or(|last| last < line.uptime_ms));
                            last = Some(line.uptime_ms);
                        }
                        at => {
                            let name = ["a", "b"][at];
                            ring.push(entry(name, "twenty characters...", (ring.next + 1) * 1000), 0);
                            written += u64::from(source.is_empty() || source == name);
                        }
                    }
                    prop_assert!(ring.bytes <= limit);
                }
            }
            while let Some(line) = ring.read(&mut cursor) {
                accounted += line.lost + 1;
            }
            // Lines that were lost after the last one that is kept can't be told yet.
            let kept = ring.records.iter().any(|record| source.is_empty() || *record.source == *source);
            prop_assert!(accounted == written || (!kept && accounted < written));
        }
    }
}
