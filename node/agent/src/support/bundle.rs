//! The archive: tar, compressed with gzip, made in pieces. The same sections and the same time give the same bytes.

use std::fmt::Write as _;
use std::io;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{Redactor, Section};

/// Bytes of a piece at most.
pub const CHUNK: usize = 64 << 10;
/// Bytes of all texts together. What goes beyond is left out, and the text says so.
pub const MAX_BYTES: usize = 16 << 20;
/// Bytes of one text: so that long logs leave room for what comes after them.
const MAX_SECTION: usize = 4 << 20;
/// Folder in the archive.
const FOLDER: &str = "corten-support";

/// The pieces of an archive, as an iterator. It makes what it is asked for and no more.
pub struct Bundle<I> {
    sections: I,
    redactor: Redactor,
    /// Time of all files, seconds since 1970.
    time: u64,
    left: usize,
    archive: Option<tar::Builder<GzEncoder<Vec<u8>>>>,
    /// What is compressed and not yet given away.
    ready: Vec<u8>,
}

impl<I> std::fmt::Debug for Bundle<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bundle").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<I: Iterator<Item = Section>> Bundle<I> {
    /// An archive of sections. `time` is that of its files, seconds since 1970.
    pub fn new(sections: I, redactor: Redactor, time: u64) -> Self {
        let archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        Self { sections, redactor, time, left: MAX_BYTES, archive: Some(archive), ready: Vec::new() }
    }

    fn add(&mut self, section: Section) -> io::Result<()> {
        let Section { name, text } = section;
        let mut text = self.redactor.redact(&text);
        let limit = MAX_SECTION.min(self.left);
        let over = text.len().saturating_sub(limit);
        if over > 0 {
            let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            let _ = write!(text, "\n({over} bytes left out)\n");
        }
        self.left = self.left.saturating_sub(text.len());
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(self.time);
        header.set_uid(0);
        header.set_gid(0);
        let Some(archive) = self.archive.as_mut() else { return Ok(()) };
        archive.append_data(&mut header, format!("{FOLDER}/{name}"), text.as_bytes())?;
        self.ready.append(archive.get_mut().get_mut());
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(archive) = self.archive.take() {
            self.ready.append(&mut archive.into_inner()?.finish()?);
        }
        Ok(())
    }
}

impl<I: Iterator<Item = Section>> Iterator for Bundle<I> {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.len() < CHUNK && self.archive.is_some() {
            let done = match self.sections.next() {
                Some(section) => self.add(section),
                None => self.finish(),
            };
            if let Err(error) = done {
                self.archive = None;
                self.ready.clear();
                return Some(Err(error));
            }
        }
        let rest = self.ready.split_off(self.ready.len().min(CHUNK));
        let piece = std::mem::replace(&mut self.ready, rest);
        (!piece.is_empty()).then_some(Ok(piece))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn section(name: &'static str, text: String) -> Section {
        Section { name, text }
    }

    fn files(sections: Vec<Section>) -> Vec<(String, String)> {
        unpacked(Bundle::new(sections.into_iter(), Redactor::default(), 7))
    }

    /// Names and texts of the archive.
    fn unpacked(bundle: Bundle<impl Iterator<Item = Section>>) -> Vec<(String, String)> {
        let pieces: Vec<Vec<u8>> = bundle.collect::<Result<_, _>>().expect("pieces");
        assert!(pieces.iter().all(|piece| piece.len() <= CHUNK));
        let bytes = pieces.concat();
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(bytes.as_slice()));
        let read = |entry: io::Result<tar::Entry<'_, _>>| {
            let mut entry: tar::Entry<'_, flate2::read::GzDecoder<&[u8]>> = entry.expect("an entry");
            let path = entry.path().expect("a path").display().to_string();
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("a text");
            (path, text)
        };
        archive.entries().expect("entries").map(read).collect()
    }

    /// Text that does not compress well.
    fn noise(bytes: usize) -> String {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'a' + (state >> 33) as u8 % 10)
        };
        (0..bytes).map(|at| if at % 80 == 79 { '\n' } else { next() }).collect()
    }

    #[test]
    fn files_come_out_in_order_and_without_secrets() {
        let text = noise(300_000);
        let found = files(vec![section("a.txt", "token=abc\n".into()), section("b.txt", text.clone())]);
        let expected = [
            ("corten-support/a.txt".to_string(), "token=(removed)\n".to_string()),
            ("corten-support/b.txt".to_string(), text.trim_end_matches('\n').to_string() + "\n"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn one_file_and_all_together_have_an_end() {
        let found = files(vec![section("a.txt", noise(MAX_SECTION + 99))]);
        assert!(found[0].1.len() < MAX_SECTION + 50 && found[0].1.ends_with("(100 bytes left out)\n"));
        let sections = ["a.txt", "b.txt", "c.txt", "d.txt"].map(|name| section(name, noise(99)));
        let mut bundle = Bundle::new(sections.into_iter(), Redactor::default(), 7);
        bundle.left = 250;
        let texts: Vec<String> = unpacked(bundle).into_iter().map(|(_, text)| text).collect();
        assert!(texts[0] == noise(99) + "\n" && texts[1] == texts[0]);
        assert!(
            texts[2].ends_with("\n(50 bytes left out)\n") && texts[3] == "\n(100 bytes left out)\n",
            "{texts:?}"
        );
    }

    #[test]
    fn the_same_sections_give_the_same_bytes() {
        let bytes = || {
            let sections = [section("a.txt", noise(1000))].into_iter();
            Bundle::new(sections, Redactor::default(), 7)
                .map(|piece| piece.expect("a piece"))
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes(), bytes());
    }
}
