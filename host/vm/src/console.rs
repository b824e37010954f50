//! The console for people: lines without control characters, and the last of them for error messages.

use std::collections::VecDeque;

/// Lines of the console that an [`Outcome`](crate::Outcome) keeps.
pub const TAIL: usize = 40;

/// A line of the console is cut after so many bytes.
pub const LINE_LIMIT: usize = 4096;

/// The line as it can be printed anywhere: without escape sequences and control characters, which firmware uses
/// to clear the screen and a hostile guest could use against the terminal.
pub fn printable(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            // ECMA-48, 5.4: a control sequence runs from CSI to the first byte from 0x40 to 0x7e.
            '\u{1b}' => {
                if chars.next_if_eq(&'[').is_some() {
                    chars.by_ref().find(|end| ('\u{40}'..='\u{7e}').contains(end));
                } else {
                    chars.next();
                }
            }
            '\t' => out.push(' '),
            other if other.is_control() => {}
            other => out.push(other),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// The last lines of a console.
#[derive(Debug, Default)]
pub struct Tail(VecDeque<String>);

impl Tail {
    /// Adds a line and forgets the oldest where there are too many. Empty lines say nothing and are left out.
    pub fn push(&mut self, line: &str) {
        if line.is_empty() {
            return;
        }
        if self.0.len() == TAIL {
            self.0.pop_front();
        }
        self.0.push_back(line.to_owned());
    }

    /// The lines, oldest first.
    pub fn into_lines(self) -> Vec<String> {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escape_sequences_and_control_characters_go() {
        assert_eq!(printable("\u{1b}[2J\u{1b}[01;01Hboot\u{1b}[0m\ting\u{7}\r"), "boot ing");
        assert_eq!(printable("\u{1b}cafter reset"), "after reset");
        assert_eq!(printable("cut \u{1b}["), "cut");
    }

    #[test]
    fn the_tail_is_the_end_without_empty_lines() {
        let mut tail = Tail::default();
        for number in 0..100 {
            tail.push(&number.to_string());
            tail.push("");
        }
        let lines = tail.into_lines();
        assert_eq!((lines.len(), lines[0].as_str(), lines[39].as_str()), (40, "60", "99"));
    }

    proptest! {
        #[test]
        fn what_is_printed_has_no_control_character(line: String) {
            prop_assert!(!printable(&line).chars().any(char::is_control));
        }
    }
}
