//! Puts the pieces of long lines together again for readers. Pure.

use super::line::{Line, Part, Stream};

/// Bytes of the longest line that a reader is given in one piece. A message of the API may have 4 MiB; this is what
/// services print as one JSON document, and what a reader may cost in memory for each stream.
pub const MAX_JOINED: usize = 256 << 10;

/// A line as the container printed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// When its first piece was read, nanoseconds since 1970.
    pub at_ns: i64,
    /// Where it was printed.
    pub stream: Stream,
    /// Without its end.
    pub text: Vec<u8>,
}

/// The pieces that wait for the rest of their line.
#[derive(Debug, Default)]
pub struct Joiner {
    stdout: Option<Whole>,
    stderr: Option<Whole>,
}

impl Joiner {
    /// Takes a record and gives the line that it ends.
    pub fn push(&mut self, line: Line<'_>) -> Option<Whole> {
        let Line { at_ns, stream, part, text } = line;
        let waiting = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let whole = waiting.get_or_insert_with(|| Whole { at_ns, stream, text: Vec::new() });
        whole.text.extend_from_slice(text);
        // One more record may come on top of it, and no more.
        if part == Part::Full || whole.text.len() >= MAX_JOINED { waiting.take() } else { None }
    }

    /// Forgets what waits, since its rest was lost. How many lines that are.
    pub fn forget(&mut self) -> u64 {
        u64::from(self.stdout.take().is_some()) + u64::from(self.stderr.take().is_some())
    }

    /// What waits when nothing more comes, the earlier piece first.
    pub fn rest(&mut self) -> Option<Whole> {
        match (&self.stdout, &self.stderr) {
            (Some(out), Some(error)) if error.at_ns < out.at_ns => self.stderr.take(),
            (Some(_), _) => self.stdout.take(),
            _ => self.stderr.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::line::MAX_TEXT;

    fn line(at_ns: i64, stream: Stream, part: Part, text: &[u8]) -> Line<'_> {
        Line { at_ns, stream, part, text }
    }

    #[test]
    fn pieces_of_each_stream_find_each_other() {
        let mut joiner = Joiner::default();
        assert_eq!(joiner.push(line(1, Stream::Stdout, Part::Partial, b"a")), None);
        assert_eq!(joiner.push(line(2, Stream::Stderr, Part::Partial, b"x")), None);
        let whole = joiner.push(line(3, Stream::Stdout, Part::Full, b"b")).expect("it ends");
        assert_eq!(whole, Whole { at_ns: 1, stream: Stream::Stdout, text: b"ab".to_vec() });
        assert_eq!(joiner.rest().map(|whole| whole.text), Some(b"x".to_vec()));
        assert_eq!(joiner.rest(), None);
    }

    #[test]
    fn the_earlier_of_two_that_wait_comes_first() {
        let mut joiner = Joiner::default();
        joiner.push(line(5, Stream::Stdout, Part::Partial, b"later"));
        joiner.push(line(4, Stream::Stderr, Part::Partial, b"earlier"));
        assert_eq!(joiner.rest().map(|whole| whole.at_ns), Some(4));
        assert_eq!(joiner.rest().map(|whole| whole.at_ns), Some(5));
    }

    #[test]
    fn a_line_without_an_end_comes_in_portions() {
        let mut joiner = Joiner::default();
        let piece = vec![b'x'; MAX_TEXT];
        let portions: Vec<usize> = (0..100)
            .filter_map(|_| joiner.push(line(0, Stream::Stdout, Part::Partial, &piece)))
            .map(|whole| whole.text.len())
            .collect();
        assert_eq!(portions, [MAX_JOINED; 100 * MAX_TEXT / MAX_JOINED]);
    }
}
