//! What containers print, what a power cut or a disk leaves of the files that it is kept in, and what programs and the
//! kernel say of their networks.

use corten_containers::logs::{
    Joiner, MAX_JOINED, MAX_TEXT, Part, Splitter, Stamp, Stream, parse_line, tail,
};
use corten_containers::network::{is_answered, netavark, read_counters};

/// What a container prints, in portions of different sizes, through the files to a reader.
pub fn printed(data: &[u8]) {
    let (mut splitter, stamp, mut file) =
        (Splitter::default(), Stamp::new(1_700_000_000_000_000_000), Vec::new());
    let mut take = |part, text: &[u8]| stamp.write(Stream::Stdout, part, text, &mut file);
    let mut rest = data;
    let mut length = 1;
    while !rest.is_empty() {
        let (portion, after) = rest.split_at(length.min(rest.len()));
        splitter.push(portion, &mut take);
        if length % 5 == 0 {
            splitter.flush(Part::Partial, &mut take);
        }
        (rest, length) = (after, length * 3 % 65_521);
    }
    splitter.flush(Part::Full, &mut take);

    let mut again = Vec::new();
    let mut joiner = Joiner::default();
    for record in file.split_inclusive(|byte| *byte == b'\n') {
        let line = record.strip_suffix(b"\n").and_then(parse_line).expect("what was written is read");
        assert!(line.text.len() <= MAX_TEXT, "a record without a limit");
        let part = line.part;
        if let Some(whole) = joiner.push(line) {
            assert!(whole.text.len() < MAX_JOINED + MAX_TEXT, "a line without a limit");
            again.extend(whole.text);
            again.extend((part == Part::Full).then_some(b'\n'));
        }
    }
    let ended = data.is_empty() || data.ends_with(b"\n");
    assert!(
        again.strip_suffix(b"\n").filter(|_| !ended).unwrap_or(&again) == data,
        "it is read as it was printed"
    );
}

pub fn printed_seeds() -> Vec<Vec<u8>> {
    let long = [vec![b'x'; 40_000], b"\nnext\n".to_vec()].concat();
    vec![b"hello\n\nthere\r\nwithout an end".to_vec(), long, b"\xff\0\x1b[1m\n".to_vec()]
}

/// A file of lines.
pub fn kept(data: &[u8]) {
    let mut joiner = Joiner::default();
    let mut ends = 0;
    for record in data.split_inclusive(|byte| *byte == b'\n') {
        let Some(line) = record.strip_suffix(b"\n").and_then(parse_line) else { continue };
        ends += u64::from(line.part == Part::Full);
        let _ = joiner.push(line);
    }
    let _ = (joiner.rest(), joiner.rest());
    for wanted in [0, 1, 7] {
        let found = tail(data.len() as u64, wanted, |offset, buffer| {
            let end = offset as usize + buffer.len();
            buffer.copy_from_slice(&data[offset as usize..end]);
            Ok(())
        });
        assert_eq!(found.expect("bytes can be read").lines, ends.min(wanted), "lines from the end");
    }
}

pub fn kept_seeds() -> Vec<Vec<u8>> {
    let mut file = Vec::new();
    let stamp = Stamp::new(1_795_851_401_123_456_789);
    for (stream, part, text) in [
        (Stream::Stdout, Part::Full, "hello"),
        (Stream::Stderr, Part::Partial, "half "),
        (Stream::Stderr, Part::Full, "a line"),
        (Stream::Stdout, Part::Full, ""),
    ] {
        stamp.write(stream, part, text.as_bytes(), &mut file);
    }
    vec![[file.as_slice(), b"\0\0\0\0\n2026-11-28T07:36:41Z stdout F:x y\n", &file[..40]].concat(), file]
}

/// What netavark answers.
pub fn netavark_answer(data: &[u8]) {
    match netavark::parse(data) {
        Ok(answer) => assert!(answer.mac.len() <= data.len(), "a link that it did not name"),
        Err(error) => assert!(error.to_string().chars().count() < 1000, "a reason without a limit"),
    }
}

pub fn netavark_answer_seeds() -> Vec<Vec<u8>> {
    let answer = r#"{"n":{"dns_server_ips":["10.89.0.1"],"interfaces":{"eth0":{"mac_address":"aa:bb:cc:dd:ee:ff","subnets":[{"ipnet":"10.89.0.2/24","gateway":"10.89.0.1"}]}}}}"#;
    vec![answer.into(), br#"{"error":"no"}"#.to_vec()]
}

/// What a name server answers.
pub fn name_answer(data: &[u8]) {
    let id = data.first_chunk().map_or(0, |id| u16::from_be_bytes(*id));
    assert!(!is_answered(data, id) || data.len() >= 12, "an answer without a header");
    assert!(!is_answered(data, !id), "an answer to another question");
}

pub fn name_answer_seeds() -> Vec<Vec<u8>> {
    vec![[0x1234_u16, 0x8180, 1, 1, 0, 0].map(u16::to_be_bytes).concat()]
}

/// The kernel's table of links.
pub fn counters(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    assert!(read_counters(&text).len() <= text.lines().count(), "more links than lines");
}

pub fn counters_seeds() -> Vec<Vec<u8>> {
    let line = "veth-web: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n";
    vec![format!("Inter-| Receive\n face |bytes\n{line}").into_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else mutations would all be refused for the same reason. The torn record of the first one is a shorter line.
    #[test]
    fn seeds_are_lines_of_containers() {
        let records = |file: &[u8]| file.split(|byte| *byte == b'\n').filter_map(parse_line).count();
        assert_eq!(kept_seeds().iter().map(|seed| records(seed)).collect::<Vec<_>>(), [6, 4]);
        for seed in &kept_seeds() {
            kept(seed);
        }
        for seed in &printed_seeds() {
            printed(seed);
        }
    }
}
