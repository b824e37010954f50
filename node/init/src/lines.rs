//! What a service prints, as lines of bounded length and number.

/// Longer lines are split.
const MAX_LINE: usize = 800;
/// Lines that a service may print at once.
const BURST: u64 = 400;
/// Lines a second that it may go on printing.
const LINES_A_SECOND: u64 = 50;

/// Turns what is read from a pipe into lines, and drops lines of a service that prints without end.
#[derive(Debug)]
pub struct Lines {
    partial: Vec<u8>,
    /// Lines that may still be printed, times 1000.
    credit: u64,
    last_ms: u64,
    dropped: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self { partial: Vec::new(), credit: BURST * 1000, last_ms: 0, dropped: 0 }
    }
}

impl Lines {
    /// Takes bytes and returns the lines that they complete and that may be printed.
    pub fn push(&mut self, bytes: &[u8], now_ms: u64) -> Vec<String> {
        self.partial.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(line) = self.take_line() {
            self.admit(&line, now_ms, &mut lines);
        }
        lines
    }

    /// The rest, when the pipe is closed.
    pub fn finish(&mut self, now_ms: u64) -> Vec<String> {
        let mut lines = Vec::new();
        let rest = std::mem::take(&mut self.partial);
        if !rest.is_empty() {
            self.admit(&rest, now_ms, &mut lines);
        }
        lines
    }

    fn take_line(&mut self) -> Option<Vec<u8>> {
        let newline = self.partial.iter().position(|byte| *byte == b'\n');
        let (length, skip) = match newline {
            Some(at) if at <= MAX_LINE => (at, 1),
            _ if self.partial.len() > MAX_LINE => (MAX_LINE, 0),
            _ => return None,
        };
        let line = self.partial.drain(..length).collect();
        self.partial.drain(..skip);
        Some(line)
    }

    fn admit(&mut self, line: &[u8], now_ms: u64, out: &mut Vec<String>) {
        let elapsed = now_ms.saturating_sub(self.last_ms);
        self.last_ms = self.last_ms.max(now_ms);
        self.credit = elapsed.saturating_mul(LINES_A_SECOND).saturating_add(self.credit).min(BURST * 1000);
        let text: String =
            String::from_utf8_lossy(line).trim_end().chars().filter(|c| !c.is_control()).collect();
        if text.is_empty() {
            return;
        }
        if self.credit < 1000 {
            self.dropped += 1;
            return;
        }
        self.credit -= 1000;
        if self.dropped > 0 {
            out.push(format!("({} lines dropped: more than {LINES_A_SECOND} a second)", self.dropped));
            self.dropped = 0;
        }
        out.push(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_complete_whatever_the_pieces() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw", 0), ["one"]);
        assert_eq!(lines.push(b"o\r\n\n\x1b[31mred\n", 0), ["two", "[31mred"]);
        assert_eq!(lines.push(b"rest", 0), [""; 0]);
        assert_eq!(lines.finish(0), ["rest"]);
    }

    #[test]
    fn a_flood_is_dropped_and_counted() {
        let mut lines = Lines::default();
        let flood = "x\n".repeat(BURST as usize + 25);
        assert_eq!(lines.push(flood.as_bytes(), 0).len(), BURST as usize);
        let later = lines.push(b"y\n", 1000);
        assert_eq!(later, ["(25 lines dropped: more than 50 a second)", "y"]);
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_the_limit(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..2000), 0..8)) {
            let mut lines = Lines::default();
            let mut all = Vec::new();
            for piece in &pieces {
                all.extend(lines.push(piece, 0));
            }
            all.extend(lines.finish(0));
            // A byte that is no text becomes one character of three bytes.
            prop_assert!(all.iter().all(|line| line.len() <= 3 * MAX_LINE));
        }
    }
}
