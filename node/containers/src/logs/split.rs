//! Cuts what a stream brings into records. Pure.
//!
//! A line that is longer than a record becomes pieces, whatever the portions are in which it comes. One without an end
//! is held back for a moment, since most of what comes in portions is whole a moment later; its caller says when the
//! moment is over.

use super::line::{MAX_TEXT, Part};

/// What is known of a stream between two portions.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What came of the line since its last piece.
    pending: Vec<u8>,
    /// Whether pieces of the line were given away already.
    open: bool,
}

impl Splitter {
    /// Takes a portion and gives the records that it completes.
    pub fn push(&mut self, bytes: &[u8], mut record: impl FnMut(Part, &[u8])) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (mut text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            while self.pending.len() + text.len() > MAX_TEXT {
                let (head, rest) = text.split_at((MAX_TEXT - self.pending.len()).min(text.len()));
                self.give(Part::Partial, head, &mut record);
                text = rest;
            }
            if ends {
                self.give(Part::Full, text, &mut record);
            } else {
                self.pending.extend_from_slice(text);
            }
        }
    }

    /// Gives what is held back. With [`Part::Full`] nothing more will come, and a line of which pieces were given is
    /// ended.
    pub fn flush(&mut self, part: Part, mut record: impl FnMut(Part, &[u8])) {
        if !self.pending.is_empty() || (self.open && part == Part::Full) {
            self.give(part, &[], &mut record);
        }
    }

    /// Whether something is held back.
    pub fn holds_back(&self) -> bool {
        !self.pending.is_empty()
    }

    fn give(&mut self, part: Part, text: &[u8], record: &mut impl FnMut(Part, &[u8])) {
        if self.pending.is_empty() {
            record(part, text);
        } else {
            self.pending.extend_from_slice(text);
            record(part, &self.pending);
            // An idle container keeps no buffer.
            self.pending = Vec::new();
        }
        self.open = part == Part::Partial;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(pieces: &[&[u8]]) -> Vec<(Part, Vec<u8>)> {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        for piece in pieces {
            splitter.push(piece, |part, text| found.push((part, text.to_vec())));
        }
        splitter.flush(Part::Full, |part, text| found.push((part, text.to_vec())));
        found
    }

    #[test]
    fn lines_end_at_line_feeds_and_the_last_one_at_the_end() {
        let found = split(&[b"one\ntwo", b"\n\nlast"]);
        let texts: Vec<&[u8]> = found.iter().map(|(_, text)| text.as_slice()).collect();
        assert_eq!(texts, [&b"one"[..], b"two", b"", b"last"]);
        assert!(found.iter().all(|(part, _)| *part == Part::Full));
    }

    #[test]
    fn a_line_is_in_pieces_only_if_it_is_longer_than_a_record() {
        for (length, pieces) in [(0, vec![0]), (MAX_TEXT, vec![MAX_TEXT]), (MAX_TEXT + 1, vec![MAX_TEXT, 1])]
        {
            let line = [vec![b'x'; length], b"\n".to_vec()].concat();
            let found = split(&[&line]);
            assert_eq!(found.iter().map(|(_, text)| text.len()).collect::<Vec<_>>(), pieces);
            let full = found.iter().filter(|(part, _)| *part == Part::Full).count();
            assert!(full == 1 && found.last().is_some_and(|(part, _)| *part == Part::Full), "{length}");
        }
    }

    #[test]
    fn what_is_held_back_can_be_asked_for_and_its_line_goes_on() {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        let mut take = |part, text: &[u8]| found.push((part, String::from_utf8_lossy(text).into_owned()));
        splitter.push(b"name: ", &mut take);
        assert!(splitter.holds_back());
        splitter.flush(Part::Partial, &mut take);
        assert!(!splitter.holds_back());
        splitter.flush(Part::Partial, &mut take);
        splitter.push(b"ann\n", &mut take);
        splitter.flush(Part::Full, &mut take);
        assert_eq!(found, [(Part::Partial, "name: ".into()), (Part::Full, "ann".into())]);
    }

    #[test]
    fn a_line_of_which_a_piece_was_given_has_an_end() {
        let mut splitter = Splitter::default();
        let mut found = Vec::new();
        splitter.push(b"x", |_, _| {});
        splitter.flush(Part::Partial, |_, _| {});
        splitter.flush(Part::Full, |part, text| found.push((part, text.to_vec())));
        assert_eq!(found, [(Part::Full, Vec::new())]);
    }

    proptest! {
        #[test]
        fn records_are_the_same_whatever_the_portions(
            lines in prop::collection::vec((0_usize..40_000, any::<u8>()), 0..5),
            ended in any::<bool>(),
            cuts in prop::collection::vec(0_usize..120_000, 0..8),
        ) {
            let lines: Vec<Vec<u8>> =
                lines.into_iter().map(|(length, byte)| vec![if byte == b'\n' { 0 } else { byte }; length]).collect();
            let mut bytes = lines.join(&b'\n');
            if ended {
                bytes.push(b'\n');
            }
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= bytes.len()).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let portions: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let found = split(&portions);
            prop_assert_eq!(&found, &split(&[&bytes]));

            // Put together again they are what was printed.
            let mut again = Vec::new();
            for (part, text) in &found {
                prop_assert!(text.len() <= MAX_TEXT && !text.contains(&b'\n'));
                prop_assert!(*part == Part::Full || text.len() == MAX_TEXT);
                again.extend_from_slice(text);
                again.extend(if *part == Part::Full { &b"\n"[..] } else { b"" });
            }
            if !bytes.is_empty() && bytes.last() != Some(&b'\n') {
                bytes.push(b'\n');
            }
            prop_assert_eq!(again, bytes);
        }
    }
}
