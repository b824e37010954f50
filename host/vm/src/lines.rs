//! Lines of bounded length from a stream that somebody else writes.
//!
//! The guest controls what arrives on the console and on the report port. A line is read up to a limit, and what
//! goes beyond it is dropped up to the next newline, so that memory stays bounded whatever the guest sends.

use std::io::{self, Read};

/// One line, without its newline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The bytes as text; what is not UTF-8 is replaced.
    pub text: String,
    /// Whether the line was longer than the limit and lost its end.
    pub completeness: Completeness,
}

/// Whether a line is all that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All of it.
    Whole,
    /// Its end was dropped.
    Cut,
}

/// Reads lines of at most `limit` bytes.
pub struct Lines<R> {
    from: R,
    limit: usize,
    buffer: Box<[u8; 8192]>,
    unread: std::ops::Range<usize>,
}

impl<R: Read> Lines<R> {
    /// Lines of `from`.
    pub fn new(from: R, limit: usize) -> Self {
        Self { from, limit, buffer: Box::new([0; 8192]), unread: 0..0 }
    }

    fn fill(&mut self) -> io::Result<usize> {
        loop {
            match self.from.read(&mut self.buffer[..]) {
                Ok(count) => {
                    self.unread = 0..count;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Line;

    /// The next line. A last line without newline counts; an error of the stream is its end, since a channel of a
    /// machine that died may end either way.
    fn next(&mut self) -> Option<Line> {
        let mut line = Vec::new();
        let mut completeness = Completeness::Whole;
        let mut started = false;
        loop {
            if self.unread.is_empty() && self.fill().unwrap_or(0) == 0 {
                return started.then(|| finish(&line, completeness));
            }
            started = true;
            let unread = &self.buffer[self.unread.clone()];
            let newline = unread.iter().position(|byte| *byte == b'\n');
            let piece = &unread[..newline.unwrap_or(unread.len())];
            let room = self.limit - line.len();
            if piece.len() > room {
                completeness = Completeness::Cut;
            }
            line.extend_from_slice(&piece[..piece.len().min(room)]);
            self.unread.start += piece.len() + usize::from(newline.is_some());
            if newline.is_some() {
                return Some(finish(&line, completeness));
            }
        }
    }
}

fn finish(line: &[u8], completeness: Completeness) -> Line {
    Line { text: String::from_utf8_lossy(line).into_owned(), completeness }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(bytes: &[u8], limit: usize) -> Vec<Line> {
        Lines::new(bytes, limit).collect()
    }

    fn whole(text: &str) -> Line {
        Line { text: text.into(), completeness: Completeness::Whole }
    }

    #[test]
    fn lines_end_with_a_newline_or_with_the_stream() {
        assert_eq!(read(b"a\n\nbc", 10), [whole("a"), whole(""), whole("bc")]);
        assert_eq!(read(b"", 10), []);
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_one_is_whole() {
        let cut = Line { text: "abc".into(), completeness: Completeness::Cut };
        assert_eq!(read(b"abcdefgh\nxyz\n", 3), [cut, whole("xyz")]);
    }

    #[test]
    fn a_line_longer_than_the_buffer_is_one_line() {
        let mut bytes = vec![b'a'; 100_000];
        bytes.extend_from_slice(b"\nb\n");
        let lines = read(&bytes, 50_000);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].text.len(), lines[0].completeness), (50_000, Completeness::Cut));
    }

    proptest! {
        #[test]
        fn whatever_is_sent_lines_stay_short_and_none_is_lost(bytes: Vec<u8>, limit in 0usize..40) {
            let lines = read(&bytes, limit);
            let newlines = bytes.split(|byte| *byte == b'\n').count() - 1;
            let unfinished = usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
            prop_assert_eq!(lines.len(), newlines + unfinished);
            // A byte that is not UTF-8 becomes a character of three bytes.
            prop_assert!(lines.iter().all(|line| line.text.len() <= 3 * limit));
        }
    }
}
