//! Who changed what: one line of JSON an entry, in files that only the agent writes to, on the disk before the caller
//! hears of the result.
//!
//! ```text
//! audit.jsonl      the newest entries
//! audit.1.jsonl    those before, once the first is full
//! ```

use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use corten_api::v1;
use serde::{Deserialize, Serialize};

/// Bytes of a file before the next one begins.
const FULL: u64 = 4 << 20;
/// Bytes of an entry that are read; longer ones can't have been written here.
const MAX_LINE: u64 = 16 << 10;
/// Bytes of a text in an entry.
const MAX_TEXT: usize = 2048;

const NEW: &str = "audit.jsonl";
const OLD: &str = "audit.1.jsonl";

/// One call, before it has a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Grows by one with each entry.
    pub number: u64,
    /// Nanoseconds since 1970.
    pub at_ns: i64,
    /// Name in the caller's certificate.
    pub who: String,
    /// SHA-256 of that certificate, hexadecimal; empty on a local socket.
    pub certificate: String,
    /// Its role; empty where it had none.
    pub role: String,
    /// Address and port, or `local`.
    pub from: String,
    /// `corten.v1.Node/Reboot`
    pub method: String,
    /// What was asked for, in words.
    pub what: String,
    /// `ok`, or the code and message of the refusal.
    pub result: String,
}

/// The log. Clones share it.
#[derive(Clone, Debug)]
pub struct Audit(Arc<Mutex<Files>>);

#[derive(Debug)]
struct Files {
    folder: PathBuf,
    file: Option<File>,
    bytes: u64,
    next: u64,
}

impl Audit {
    /// Opens the log in a folder, and goes on counting where it ended. A folder that can't be used is told with the
    /// first entry.
    pub fn open(folder: &Path) -> Self {
        let last = read(folder).last().map_or(0, |entry| entry.number);
        let files = Files { folder: folder.into(), file: None, bytes: 0, next: last.saturating_add(1) };
        Self(Arc::new(Mutex::new(files)))
    }

    /// Writes an entry and has it on the disk when it returns. Returns the entry with its number.
    pub fn write(&self, entry: Entry) -> io::Result<Entry> {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = files.next;
        let entry = Entry { number, ..cut(entry) };
        let mut line = serde_json::to_vec(&entry)?;
        line.push(b'\n');
        files.append(&line)?;
        files.next = number.saturating_add(1);
        Ok(entry)
    }

    /// The kept entries, oldest first: the newest so many, or all with 0.
    pub fn read(&self, tail: u32) -> Vec<v1::AuditEntry> {
        let folder = self.0.lock().unwrap_or_else(PoisonError::into_inner).folder.clone();
        let tail = if tail == 0 { usize::MAX } else { tail as usize };
        let mut kept = VecDeque::new();
        for entry in read(&folder) {
            if kept.len() == tail {
                kept.pop_front();
            }
            kept.push_back(shown(entry));
        }
        kept.into()
    }
}

impl Files {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        if self.file.is_some() && self.bytes.saturating_add(line.len() as u64) > FULL {
            fs::rename(self.folder.join(NEW), self.folder.join(OLD))?;
            self.file = None;
        }
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.begin()?,
        };
        file.write_all(line)?;
        file.sync_data()?;
        self.bytes = self.bytes.saturating_add(line.len() as u64);
        self.file = Some(file);
        Ok(())
    }

    fn begin(&mut self) -> io::Result<File> {
        match DirBuilder::new().recursive(true).mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        let path = self.folder.join(NEW);
        let mut file = File::options().create(true).read(true).append(true).mode(0o600).open(&path)?;
        self.bytes = file.metadata()?.len();
        // A cut of power may have left half a line, which would spoil the next one.
        let ends = self.bytes == 0 || fs::read(&path)?.last() == Some(&b'\n');
        if !ends {
            file.write_all(b"\n")?;
            self.bytes += 1;
        }
        File::open(&self.folder)?.sync_all()?;
        Ok(file)
    }
}

/// The entries in a folder, oldest first. What is no entry is passed over.
fn read(folder: &Path) -> impl Iterator<Item = Entry> {
    let files = [OLD, NEW].into_iter().filter_map({
        let folder = folder.to_path_buf();
        move |name| File::open(folder.join(name)).ok()
    });
    files.flat_map(|file| {
        let mut reader = BufReader::new(file.take(2 * FULL));
        std::iter::from_fn(move || {
            let mut line = Vec::new();
            let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).ok()?;
            (read > 0).then_some(line)
        })
        .filter_map(|line| parse(&line))
    })
}

/// One line.
pub fn parse(line: &[u8]) -> Option<Entry> {
    serde_json::from_slice(line).ok()
}

fn cut(entry: Entry) -> Entry {
    let cut = |mut text: String| {
        let end = text.floor_char_boundary(MAX_TEXT);
        text.truncate(end);
        text
    };
    Entry { who: cut(entry.who), what: cut(entry.what), result: cut(entry.result), ..entry }
}

fn shown(entry: Entry) -> v1::AuditEntry {
    let Entry { number, at_ns, who, certificate, role, from, method, what, result } = entry;
    v1::AuditEntry { number, at_ns, who, certificate, role, from, method, what, result }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    fn entry(what: &str) -> Entry {
        Entry { who: "ann".into(), method: "m".into(), what: what.into(), ..Entry::default() }
    }

    fn whats(audit: &Audit, tail: u32) -> Vec<(u64, String)> {
        audit.read(tail).into_iter().map(|entry| (entry.number, entry.what)).collect()
    }

    #[test]
    fn entries_are_counted_on_over_restarts_and_half_a_line_spoils_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit");
        let audit = Audit::open(&path);
        audit.write(entry("one")).expect("it can be written");
        audit.write(entry("two")).expect("it can be written");
        let mode = fs::metadata(path.join(NEW)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        // The power went while the third was written.
        let mut file = File::options().append(true).open(path.join(NEW)).expect("a file");
        file.write_all(b"{\"number\":3,\"wh").expect("it can be written");
        let audit = Audit::open(&path);
        audit.write(entry("three")).expect("it can be written");
        let expected = [(1, "one"), (2, "two"), (3, "three")].map(|(n, what)| (n, what.to_string()));
        assert_eq!(whats(&audit, 0), expected);
        assert_eq!(whats(&audit, 1), expected[2..]);
    }

    #[test]
    fn a_full_file_gives_way_and_the_one_before_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let audit = Audit::open(folder.path());
        let long = "x".repeat(MAX_TEXT);
        let count = 3 * FULL / MAX_TEXT as u64;
        for _ in 0..count / 50 {
            audit.write(entry(&long)).expect("it can be written");
        }
        // Faster than writing all of it.
        let line = fs::read(folder.path().join(NEW)).expect("a file");
        fs::write(folder.path().join(NEW), line.repeat(FULL as usize / line.len())).expect("a file");
        let audit = Audit::open(folder.path());
        for _ in 0..count / 50 {
            audit.write(entry(&long)).expect("it can be written");
        }
        let bytes = |name| fs::metadata(folder.path().join(name)).map_or(0, |file| file.len());
        assert!(bytes(NEW) < FULL && bytes(OLD) <= FULL && bytes(OLD) > 0);
        assert_eq!(audit.read(1).len(), 1);
    }

    proptest! {
        #[test]
        fn any_line_is_an_entry_or_nothing(line in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&line);
        }
    }
}
