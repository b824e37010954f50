//! The files of one container on the disk: adding to the current one, changing places, opening one to read.
//!
//! Nothing is synced: a container that prints would wear the disk out and wait for it. What a power cut may lose is what
//! the kernel had not written back, some 35 s at most (vm.dirty_expire_centisecs and dirty_writeback_centisecs), and it
//! may leave the last record torn or a block of zeros. Records that can't be read are skipped by readers; a torn end is
//! cut off when the file is opened again.
//!
//! What can't be written, mostly because the disk is full, is dropped and counted, and a line of the node's own says how
//! much it was as soon as there is room again: a container must not wait for a disk that nobody empties.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::line::{Part, Stamp, Stream};
use super::rotation::{Limits, age, file_name};

/// Files hold what programs print, at times secrets: they are for root, and a group that may read them.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
/// Bytes that are looked at together for the end of a record; all of a usual one.
const BLOCK: u64 = 16 << 10;

/// Files of one container.
#[derive(Debug)]
pub(super) struct Files {
    folder: PathBuf,
    limits: Limits,
    /// The current one; `None` before the first write, and when it could not be opened.
    current: Option<File>,
    generation: u64,
    /// Bytes of the current one that are whole records.
    bytes: u64,
    /// Records that could not be written since the last one that could, and why.
    lost: u64,
    why: String,
}

/// Which file is current, and how much of it is whole records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct End {
    pub(super) generation: u64,
    pub(super) bytes: u64,
}

impl Files {
    /// Takes over what is there, without changing it.
    pub(super) fn new(folder: PathBuf, limits: Limits) -> Self {
        let bytes = File::open(folder.join(file_name(0))).and_then(|file| whole(&file)).unwrap_or(0);
        let generation = limits.first_generation();
        Self { folder, limits, current: None, generation, bytes, lost: 0, why: String::new() }
    }

    pub(super) fn end(&self) -> End {
        End { generation: self.generation, bytes: self.bytes }
    }

    /// The oldest generation that is kept.
    pub(super) fn oldest(&self) -> u64 {
        self.limits.oldest(self.generation)
    }

    /// Adds records, read at this time. `leaving` is told of the generation that goes before it does.
    pub(super) fn append(&mut self, batch: &[u8], at_ns: i64, leaving: impl FnMut(u64, &Path)) {
        let note = (self.lost > 0).then(|| self.note(at_ns));
        let bytes: &[u8] = match &note {
            Some(note) => &[note, batch].concat(),
            None => batch,
        };
        match self.try_append(bytes, leaving) {
            Ok(()) => self.lost = 0,
            Err(error) => {
                self.lost = self.lost.saturating_add(memchr::memchr_iter(b'\n', batch).count() as u64);
                self.why = error.to_string();
            }
        }
    }

    fn try_append(&mut self, bytes: &[u8], leaving: impl FnMut(u64, &Path)) -> io::Result<()> {
        if self.current.is_none() {
            self.open()?;
        }
        if self.limits.is_full(self.bytes, bytes.len() as u64) {
            self.rotate(leaving)?;
        }
        let file = self.current.as_ref().ok_or(ErrorKind::NotFound)?;
        // At a place instead of the end: what a write that failed in the middle left behind is written over.
        if let Err(error) = file.write_all_at(bytes, self.bytes) {
            let _ = file.set_len(self.bytes);
            return Err(error);
        }
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Opens the current file behind its last whole record.
    fn open(&mut self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&self.folder)?;
        remove_too_old(&self.folder, self.limits)?;
        let file = create(&self.folder)?;
        self.bytes = whole(&file)?;
        file.set_len(self.bytes)?;
        self.current = Some(file);
        Ok(())
    }

    fn rotate(&mut self, mut leaving: impl FnMut(u64, &Path)) -> io::Result<()> {
        leaving(self.oldest(), &self.folder.join(file_name(self.limits.files - 1)));
        for (from, to) in self.limits.renames() {
            match fs::rename(self.folder.join(from), self.folder.join(to)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        // From here on the name of the current file is free, whatever comes of the new one.
        self.generation += 1;
        self.bytes = 0;
        self.current = None;
        self.current = Some(create(&self.folder)?);
        Ok(())
    }

    /// Opens a generation to read. `None` where there is no such file.
    pub(super) fn read(&self, generation: u64) -> io::Result<Option<File>> {
        let age = self.generation.saturating_sub(generation);
        match File::open(self.folder.join(file_name(age))) {
            Ok(file) => Ok(Some(file)),
            // The folder may not be there either, or something else in its place.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is said where records are missing.
    fn note(&self, at_ns: i64) -> Vec<u8> {
        let text = format!("corten: {} lines were lost here: {}", self.lost, self.why);
        let mut note = Vec::new();
        Stamp::new(at_ns).write(Stream::Stderr, Part::Full, text.as_bytes(), &mut note);
        note
    }
}

fn create(folder: &Path) -> io::Result<File> {
    let mut options = File::options();
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(folder.join(file_name(0)))
}

/// Bytes of a file up to the end of its last whole record. A torn one is short; zeros that were never written may be as
/// long as what the kernel writes back at a time.
fn whole(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let mut block = vec![0; end.min(BLOCK) as usize];
        let start = end - block.len() as u64;
        file.read_exact_at(&mut block, start)?;
        if let Some(feed) = memchr::memrchr(b'\n', &block) {
            return Ok(start + feed as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// Removes files that a version with other limits left behind.
fn remove_too_old(folder: &Path, limits: Limits) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().and_then(age).is_some_and(|age| age >= limits.files) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
