//! Finds where the newest lines of a file begin, from its end, so that a few lines cost a few blocks. Shell over a
//! function that reads, pure otherwise.

use std::io;

use super::line::{MAX_RECORD, Part, parse_line};

/// Bytes that are looked at together. More than a record, so that a line feed is in it wherever records are.
const BLOCK: u64 = 64 << 10;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Where to start reading.
    pub offset: u64,
    /// Lines from there on; fewer than wanted if the file has no more.
    pub lines: u64,
}

/// Where the newest `wanted` lines of the first `size` bytes begin. `read` fills a buffer from an offset.
pub fn tail(
    size: u64,
    wanted: u64,
    mut read: impl FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> io::Result<Tail> {
    let mut lines = 0;
    // The first bytes of what was looked at last: the end of a record that begins further ahead.
    let mut carry: Vec<u8> = Vec::new();
    let mut at = size;
    while at > 0 {
        let length = at.min(BLOCK);
        at -= length;
        let mut block = vec![0; length as usize];
        read(at, &mut block)?;
        block.append(&mut carry);
        // Records between line feeds, the last one first. What is behind the last line feed of a file is no record.
        let mut end = None;
        for feed in memchr::memrchr_iter(b'\n', &block) {
            if let Some(end) = end.replace(feed)
                && ends_a_line(&block[feed + 1..end])
            {
                if lines == wanted {
                    return Ok(Tail { offset: at + end as u64 + 1, lines });
                }
                lines += 1;
            }
        }
        carry = block;
        carry.truncate(end.map_or(0, |end| end + 1));
        if carry.len() > MAX_RECORD + 1 {
            // No record is that long: whatever it is, it counts for nothing.
            carry.clear();
        }
    }
    if carry.last() == Some(&b'\n') && ends_a_line(&carry[..carry.len() - 1]) {
        if lines == wanted {
            return Ok(Tail { offset: carry.len() as u64, lines });
        }
        lines += 1;
    }
    Ok(Tail { offset: 0, lines })
}

fn ends_a_line(record: &[u8]) -> bool {
    parse_line(record).is_some_and(|line| line.part == Part::Full)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logs::line::{MAX_TEXT, Stamp, Stream};

    fn of(bytes: &[u8], wanted: u64) -> Tail {
        tail(bytes.len() as u64, wanted, |offset, buffer| {
            let offset = offset as usize;
            buffer.copy_from_slice(&bytes[offset..offset + buffer.len()]);
            Ok(())
        })
        .expect("bytes can be read")
    }

    /// By reading everything from the start.
    fn model(bytes: &[u8], wanted: u64) -> Tail {
        let mut ends = vec![0];
        let mut at = 0;
        for record in bytes.split_inclusive(|byte| *byte == b'\n') {
            at += record.len() as u64;
            if record.strip_suffix(b"\n").is_some_and(ends_a_line) {
                ends.push(at);
            }
        }
        let all = ends.len() as u64 - 1;
        let lines = all.min(wanted);
        Tail { offset: if all <= wanted { 0 } else { ends[(all - lines) as usize] }, lines }
    }

    proptest! {
        #[test]
        fn the_newest_lines_begin_where_reading_everything_finds_them(
            records in prop::collection::vec((0_u8..6, 0_usize..MAX_TEXT), 0..40),
            wanted in 0_u64..12,
        ) {
            let mut bytes = Vec::new();
            for (kind, length) in records {
                let text = vec![b'x'; length];
                match kind {
                    0 => Stamp::new(0).write(Stream::Stdout, Part::Partial, &text, &mut bytes),
                    1 => bytes.extend([b"\0\0".as_slice(), &text, b"\n"].concat()),
                    2 => bytes.extend(vec![b'z'; length * 10]),
                    _ => Stamp::new(0).write(Stream::Stderr, Part::Full, &text, &mut bytes),
                }
            }
            prop_assert_eq!(of(&bytes, wanted), model(&bytes, wanted));
        }
    }

    #[test]
    fn few_lines_cost_few_blocks() {
        let mut bytes = Vec::new();
        for _ in 0..100_000 {
            Stamp::new(0).write(Stream::Stdout, Part::Full, b"hello", &mut bytes);
        }
        let mut reads = 0;
        let found = tail(bytes.len() as u64, 10, |offset, buffer| {
            reads += 1;
            buffer.copy_from_slice(&bytes[offset as usize..offset as usize + buffer.len()]);
            Ok(())
        });
        assert_eq!(found.expect("bytes can be read"), model(&bytes, 10));
        assert_eq!(reads, 1);
    }
}
