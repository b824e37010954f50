//! Lines as they stand in the files: the format of Kubernetes' container runtimes (CRI, "kubelet: container log
//! format"), which log collectors know.
//!
//! ```text
//! 2026-11-28T07:36:41.123456789Z stdout F text
//! ```
//!
//! `F` ends a line of the container; `P` is a piece of one that goes on in the next record of the same stream.

use jiff::Timestamp;

/// Bytes of text in one record; longer lines are pieces. The limit of containerd's CRI plugin.
pub const MAX_TEXT: usize = 16 << 10;
/// Bytes of the longest record with its end: a time of at most 35, a stream, a tag.
pub const MAX_RECORD: usize = MAX_TEXT + 64;
/// Bytes of the longest time that is read, `2026-11-28T07:36:41.123456789+00:00`.
const MAX_TIME: usize = 35;

/// Where a container printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Its standard output.
    Stdout,
    /// Its standard error.
    Stderr,
}

impl Stream {
    /// As the format spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Whether a record ends a line of the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// It does.
    Full,
    /// The line goes on.
    Partial,
}

/// A record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Nanoseconds since 1970.
    pub at_ns: i64,
    /// Where it was printed.
    pub stream: Stream,
    /// Whether the line ends here.
    pub part: Part,
    /// Without its end.
    pub text: &'a [u8],
}

/// A time as the format has it, always of the same length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp(String);

impl Stamp {
    /// Of nanoseconds since 1970.
    pub fn new(at_ns: i64) -> Self {
        let time = Timestamp::from_nanosecond(at_ns.into()).unwrap_or(Timestamp::UNIX_EPOCH);
        Self(format!("{time:.9}"))
    }

    /// Appends a record with its end. The text has no line feed in it.
    pub fn write(&self, stream: Stream, part: Part, text: &[u8], out: &mut Vec<u8>) {
        let tag = match part {
            Part::Full => " F ",
            Part::Partial => " P ",
        };
        for piece in [self.0.as_bytes(), b" ", stream.as_str().as_bytes(), tag.as_bytes(), text, b"\n"] {
            out.extend_from_slice(piece);
        }
    }
}

/// Reads a record without its end. `None` for what is none: a power cut leaves halves, and blocks of zeros.
pub fn parse_line(record: &[u8]) -> Option<Line<'_>> {
    if record.len() > MAX_RECORD || record.contains(&b'\n') {
        return None;
    }
    let mut fields = record.splitn(4, |byte| *byte == b' ');
    let (time, stream, tags, text) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let time = std::str::from_utf8(time).ok().filter(|time| time.len() <= MAX_TIME)?;
    let at_ns = time.parse::<Timestamp>().ok()?.as_nanosecond();
    let stream = match stream {
        b"stdout" => Stream::Stdout,
        b"stderr" => Stream::Stderr,
        _ => return None,
    };
    // The format allows more tags behind the first one.
    let part = match tags.split(|byte| *byte == b':').next()? {
        b"F" => Part::Full,
        b"P" => Part::Partial,
        _ => return None,
    };
    Some(Line { at_ns: i64::try_from(at_ns).ok()?, stream, part, text })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(at_ns: i64, stream: Stream, part: Part, text: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        Stamp::new(at_ns).write(stream, part, text, &mut out);
        out
    }

    #[test]
    fn a_record_is_written_as_log_collectors_expect_it() {
        let record = written(1_795_851_401_123_456_789, Stream::Stdout, Part::Full, b"hello there");
        assert_eq!(String::from_utf8_lossy(&record), "2026-11-28T07:36:41.123456789Z stdout F hello there\n");
        let record = written(1_795_851_401_000_000_000, Stream::Stderr, Part::Partial, b"");
        assert_eq!(String::from_utf8_lossy(&record), "2026-11-28T07:36:41.000000000Z stderr P \n");
    }

    #[test]
    fn what_is_no_record_is_nothing() {
        for record in [
            "",
            "2026-11-28T07:36:41.123456789Z stdout F",
            "2026-11-28T07:36:41.123456789Z stdin F x",
            "2026-11-28T07:36:41.123456789Z stdout G x",
            "2026-11-28T07:36:41.123456789Z stdout F x\n",
            "2026-11-28T07:36:41.1234 stdout F x",
            ":36:41.123456789Z stdout F x",
            "9999-12-30T00:00:00Z stdout F beyond what nanoseconds hold",
            "\0\0\0\0\0\0\0\0\0\0",
        ] {
            assert_eq!(parse_line(record.as_bytes()), None, "{record:?}");
        }
        let long = written(0, Stream::Stdout, Part::Full, &vec![b'x'; MAX_TEXT + 64]);
        assert_eq!(parse_line(&long[..long.len() - 1]), None);
    }

    #[test]
    fn more_tags_and_other_zones_are_read() {
        let line = parse_line(b"1970-01-01T01:00:00+01:00 stderr P:x:y  a ").expect("a record");
        assert_eq!(line, Line { at_ns: 0, stream: Stream::Stderr, part: Part::Partial, text: b" a " });
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            at_ns in any::<i64>(),
            stream in prop::sample::select(vec![Stream::Stdout, Stream::Stderr]),
            part in prop::sample::select(vec![Part::Full, Part::Partial]),
            text in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            let text: Vec<u8> = text.into_iter().filter(|byte| *byte != b'\n').collect();
            let record = written(at_ns, stream, part, &text);
            prop_assert!(record.len() <= MAX_RECORD);
            let line = parse_line(record.strip_suffix(b"\n").expect("it has an end"));
            prop_assert_eq!(line, Some(Line { at_ns, stream, part, text: &text }));
        }

        #[test]
        fn any_bytes_are_read_or_refused(record in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse_line(&record);
        }

        #[test]
        fn half_a_record_is_never_another_time_or_stream(cut in 0_usize..52) {
            let record = written(1_795_851_401_123_456_789, Stream::Stdout, Part::Full, b"hello there");
            if let Some(line) = parse_line(&record[..cut]) {
                prop_assert_eq!((line.at_ns, line.stream), (1_795_851_401_123_456_789, Stream::Stdout));
                prop_assert!(b"hello there".starts_with(line.text));
            }
        }
    }
}
