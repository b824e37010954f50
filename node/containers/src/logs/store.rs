//! One container's lines, shared by the task that writes them and by all who read them.
//!
//! ```text
//! pump ──append──> Files (locked while the disk is waited for) ──> current, 1, 2
//!                    │ then                                          │
//!                    └──> end (locked for a moment) <── Cursor ──────┘
//! ```
//!
//! The runtime's thread asks for the end alone; whatever waits for a disk is done on threads that may wait.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, UNIX_EPOCH};

use super::files::{End, Files};
use super::name::ContainerName;
use super::rotation::Limits;
use super::tail::tail;

/// Bytes of a file that are read together.
const PORTION: usize = 32 << 10;

/// The lines of a container.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) name: ContainerName,
    files: Mutex<Files>,
    end: Mutex<End>,
    places: Mutex<Vec<Weak<Mutex<Place>>>>,
    /// Whether a container prints to it.
    attached: AtomicBool,
}

/// Where a reader is: up to here it has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) generation: u64,
    pub(super) offset: u64,
    /// Records that went before they could be read.
    pub(super) lost: u64,
}

/// What came of reading on.
#[derive(Debug)]
pub(super) enum Read {
    /// Records of a generation, the last one perhaps not whole.
    Bytes(u64, Vec<u8>),
    /// There is nothing more for now.
    Nothing,
    /// A file can't be read, and was passed over.
    Failed(io::Error),
}

impl Store {
    pub(super) fn new(name: ContainerName, folder: PathBuf, limits: Limits) -> Self {
        let files = Files::new(folder, limits);
        let end = Mutex::new(files.end());
        Self {
            name,
            files: Mutex::new(files),
            end,
            places: Mutex::default(),
            attached: AtomicBool::new(false),
        }
    }

    /// Says whether a container prints to it.
    pub(super) fn set_attached(&self, attached: bool) {
        self.attached.store(attached, Ordering::Relaxed);
    }

    /// Whether a container prints to it.
    pub(super) fn is_attached(&self) -> bool {
        self.attached.load(Ordering::Relaxed)
    }

    /// Where the lines end at this moment. Waits for nothing.
    pub(super) fn end(&self) -> End {
        *lock(&self.end)
    }

    /// Adds records, read at this time. May wait for the disk.
    pub(super) fn append(&self, batch: &[u8], at_ns: i64) {
        let mut files = lock(&self.files);
        files.append(batch, at_ns, |generation, path| self.leave(generation, path));
        *lock(&self.end) = files.end();
    }

    /// Counts for each reader what it has not read of a file that goes, and moves it to the next one.
    fn leave(&self, generation: u64, path: &Path) {
        let places = {
            let mut places = lock(&self.places);
            places.retain(|place| place.strong_count() > 0);
            places.clone()
        };
        for place in places.iter().filter_map(Weak::upgrade) {
            // Counting takes a while, and the runtime's thread asks for places: the lock is not held meanwhile.
            loop {
                let at = *lock(&place);
                if at.generation != generation {
                    break;
                }
                let lines = count_lines(path, at.offset).unwrap_or(0);
                let mut place = lock(&place);
                // Its reader may have gone on.
                if *place == at {
                    *place = Place { generation: generation + 1, offset: 0, lost: at.lost + lines };
                    break;
                }
            }
        }
    }

    /// A place at the oldest line, or where the newest `newest` lines begin, that is told of what it misses. Files that
    /// were written last before `since_ns` are passed over. May wait for the disk, and has nobody else wait for it.
    pub(super) fn enter(&self, newest: Option<u64>, since_ns: i64) -> Arc<Mutex<Place>> {
        let (place, end, kept) = {
            let files = lock(&self.files);
            let (end, oldest) = (files.end(), files.oldest());
            let place = Arc::new(Mutex::new(Place { generation: oldest, offset: 0, lost: 0 }));
            let mut places = lock(&self.places);
            places.retain(|place| place.strong_count() > 0);
            places.push(Arc::downgrade(&place));
            let open = |generation| Some((generation, files.read(generation).ok()??));
            let kept: Vec<(u64, File)> = (oldest..=end.generation).filter_map(open).collect();
            (place, end, kept)
        };
        let (generation, offset) = start(&kept, end, newest, since_ns);
        let mut entered = lock(&place);
        // What went meanwhile was not missed by one who had not begun.
        *entered = if generation >= entered.generation {
            Place { generation, offset, lost: 0 }
        } else {
            Place { lost: 0, ..*entered }
        };
        drop(entered);
        place
    }

    /// Whether there is something behind a place, up to an end if one is given. Waits for nothing.
    pub(super) fn has_more(&self, place: &Mutex<Place>, until: Option<End>) -> bool {
        let end = self.end();
        let limit = until.unwrap_or(end).min(end);
        let Place { generation, offset, .. } = *lock(place);
        End { generation, bytes: offset } < limit
    }

    /// Reads on from a place, up to an end if one is given, and moves the place. May wait for the disk.
    pub(super) fn read(&self, place: &Mutex<Place>, until: Option<End>) -> Read {
        loop {
            if !self.has_more(place, until) {
                return Read::Nothing;
            }
            let (at, end, file) = {
                let files = lock(&self.files);
                let at = *lock(place);
                (at, files.end(), files.read(at.generation))
            };
            let limit = until.unwrap_or(end).min(end);
            let bytes = match file {
                Ok(Some(file)) => portion(&file, at.offset, size(&file, at.generation, limit)),
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(error),
            };
            let mut place = lock(place);
            // The file went while it was read: what was read is counted as lost already.
            if (place.generation, place.offset) != (at.generation, at.offset) {
                continue;
            }
            match bytes {
                Ok(bytes) if !bytes.is_empty() => {
                    place.offset += bytes.len() as u64;
                    return Read::Bytes(at.generation, bytes);
                }
                // The current file is shorter than it was: somebody else removed it.
                _ if at.generation == end.generation => {
                    place.offset = limit.bytes;
                    return bytes.map_or_else(Read::Failed, |_| Read::Nothing);
                }
                Ok(_) => (place.generation, place.offset) = (at.generation + 1, 0),
                Err(error) => {
                    (place.generation, place.offset) = (at.generation + 1, 0);
                    return Read::Failed(error);
                }
            }
        }
    }
}

/// Generation and offset of what a reader wants first of these files, oldest first.
fn start(kept: &[(u64, File)], end: End, newest: Option<u64>, since_ns: i64) -> (u64, u64) {
    let wanted: Vec<&(u64, File)> = kept.iter().skip_while(|(_, file)| is_before(file, since_ns)).collect();
    let first = (wanted.first().map_or(end.generation, |(generation, _)| *generation), 0);
    let Some(mut missing) = newest else { return first };
    for (generation, file) in wanted.into_iter().rev() {
        let size = size(file, *generation, end);
        let Ok(found) = tail(size, missing, |offset, buffer| file.read_exact_at(buffer, offset)) else {
            break;
        };
        if found.offset > 0 {
            return (*generation, found.offset);
        }
        missing -= found.lines;
    }
    first
}

/// Bytes of a file that readers may see: the current one is written to.
fn size(file: &File, generation: u64, end: End) -> u64 {
    if generation == end.generation {
        end.bytes
    } else {
        file.metadata().map_or(0, |metadata| metadata.len())
    }
}

fn portion(file: &File, offset: u64, size: u64) -> io::Result<Vec<u8>> {
    let length = size.saturating_sub(offset).min(PORTION as u64);
    let mut bytes = vec![0; length as usize];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read_at(&mut bytes[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

fn count_lines(path: &Path, offset: u64) -> io::Result<u64> {
    let file = File::open(path)?;
    let (mut offset, mut lines) = (offset, 0);
    loop {
        let bytes = portion(&file, offset, u64::MAX)?;
        if bytes.is_empty() {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', &bytes).count() as u64;
        offset += bytes.len() as u64;
    }
}

/// Whether a file was written last before a time.
fn is_before(file: &File, since_ns: i64) -> bool {
    let since = UNIX_EPOCH + Duration::from_nanos(since_ns.max(0).unsigned_abs());
    let written = file.metadata().and_then(|metadata| metadata.modified());
    since_ns > 0 && written.is_ok_and(|written| written < since)
}

/// Nothing panics while one is held, so a poisoned lock is a sound one.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
