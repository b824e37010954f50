//! Small files below `/run` that other programs read while they are written: whole or not at all, and left alone when
//! nothing changed, so that nobody wakes for nothing. They end with the boot, so nothing is synced.

use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Bytes that are compared and copied at a time.
const PIECE: usize = 8192;

/// Whether a file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It has new content.
    Changed,
    /// It had this content.
    Same,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// All.
    All,
    /// The agent, and root.
    Agent,
}

impl Readers {
    fn mode(self) -> u32 {
        match self {
            Self::All => 0o644,
            Self::Agent => 0o600,
        }
    }
}

/// Gives a file this content, for all to read.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<Written> {
    replace_from(path, || Ok(content))
}

/// Gives a file this content, for the agent and root to read: it holds secrets.
pub fn replace_secret(path: &Path, content: &[u8]) -> io::Result<Written> {
    replace_for(Readers::Agent, path, || Ok(content))
}

/// Gives a file the content of a reader, which is asked for once to compare and once to copy, for all to read. The
/// content is never in memory as a whole.
pub fn replace_from<R: Read>(path: &Path, content: impl Fn() -> io::Result<R>) -> io::Result<Written> {
    replace_for(Readers::All, path, content)
}

fn replace_for<R: Read>(
    readers: Readers,
    path: &Path,
    content: impl Fn() -> io::Result<R>,
) -> io::Result<Written> {
    let there = File::open(path).and_then(|file| {
        let mode = file.metadata()?.permissions().mode() & 0o7777;
        Ok(mode == readers.mode() && is_same(file, content()?)?)
    });
    if there.unwrap_or(false) {
        return Ok(Written::Same);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // One writer a file, so the name needs nothing random.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    let written = (|| {
        let mode = readers.mode();
        let mut file = File::options().write(true).create(true).truncate(true).mode(mode).open(&new)?;
        // One that was left half written keeps its permissions, and a mask may have taken some of a new one's.
        file.set_permissions(Permissions::from_mode(mode))?;
        io::copy(&mut content()?, &mut file)?;
        file.flush()?;
        fs::rename(&new, path)
    })();
    if let Err(error) = written {
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    Ok(Written::Changed)
}

/// Takes a file away, if there is one.
pub fn remove(path: &Path) -> io::Result<Written> {
    match fs::remove_file(path) {
        Ok(()) => Ok(Written::Changed),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Written::Same),
        Err(error) => Err(error),
    }
}

/// Whether two readers give the same bytes.
fn is_same(mut a: impl Read, mut b: impl Read) -> io::Result<bool> {
    let (mut left, mut right) = ([0; PIECE], [0; PIECE]);
    loop {
        let (a, b) = (fill(&mut a, &mut left)?, fill(&mut b, &mut right)?);
        if left.get(..a) != right.get(..b) {
            return Ok(false);
        }
        if a < PIECE {
            return Ok(true);
        }
    }
}

/// Reads until a buffer is full or there is no more.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What changes when a file or folder is replaced or gets other content; `None` for one that is not there.
pub type Identity = Option<(u64, u64, i64, i64)>;

/// The identity of what lies at a path.
pub fn identity(path: &Path) -> Identity {
    let of = |found: Metadata| (found.ino(), found.len(), found.mtime(), found.mtime_nsec());
    fs::metadata(path).ok().map(of)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_file_is_written_once_and_for_all_to_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/file");
        assert_eq!(replace(&path, b"one").ok(), Some(Written::Changed));
        let first = identity(&path);
        assert!(first.is_some());
        assert_eq!(replace(&path, b"one").ok(), Some(Written::Same));
        assert_eq!(identity(&path), first);
        assert_eq!(replace(&path, b"").ok(), Some(Written::Changed));
        assert_ne!(identity(&path), first);
        assert_eq!(fs::read(&path).expect("it is there"), b"");
        assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path().join("new")).expect("a folder").count(), 1);
        assert_eq!(identity(&folder.path().join("x")), None);
    }

    #[test]
    fn a_file_with_secrets_is_never_for_all_to_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        // One of an agent that was killed while it wrote.
        fs::write(folder.path().join(".file.new"), "half").expect("it can be written");
        assert_eq!(replace_secret(&path, b"one").ok(), Some(Written::Changed));
        assert_eq!(mode(&path), 0o600);
        assert_eq!(replace_secret(&path, b"one").ok(), Some(Written::Same));
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("it is ours");
        assert_eq!(replace_secret(&path, b"one").ok(), Some(Written::Changed));
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn what_cannot_be_read_leaves_the_file_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        replace(&path, b"one").expect("it can be written");
        let broken = || Err::<&[u8], _>(io::Error::other("gone"));
        replace_from(&path, broken).expect_err("it can't be read");
        assert_eq!(fs::read(&path).expect("it is there"), b"one");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    proptest! {
        #[test]
        fn the_same_is_the_same(a in "[ab]{0,4}", b in "[ab]{0,4}", repeat in prop::sample::select(vec![1, 2048, 8192])) {
            let (a, b) = (a.repeat(repeat), b.repeat(repeat));
            prop_assert_eq!(is_same(a.as_bytes(), b.as_bytes()).ok(), Some(a == b));
        }
    }
}
