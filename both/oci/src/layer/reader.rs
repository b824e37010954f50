//! Reading a layer: a stream goes in, entries come out, and at the end the digest of what was unpacked.

use std::io::{self, Read};

use super::entry::{AUFS, OPAQUE, WHITEOUT};
use super::path::{name_at, normal};
use super::seen::Seen;
use super::{Entry, Kind, LayerError, PathError, Place};
use crate::compression::{Compression, Decoder};
use crate::digest::{Algorithm, Digest, Hasher};
use crate::limits;
use crate::tar::{Form, Input, Member, Members, TarError, shown};

/// What is read at most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries.
    pub entries: usize,
    /// Bytes of the archive without its compression.
    pub bytes: u64,
}

impl Default for Limits {
    /// One million entries and 64 GiB: several times what the largest images have.
    fn default() -> Self {
        Self { entries: 1_000_000, bytes: 64 << 30 }
    }
}

/// The entries of a layer, in its order. Reading from it gives the content of the current entry.
///
/// Nothing is verified before [`LayerReader::finish`]: it reads what is left, so that a verifying reader below gets to
/// its end, and gives the digest that the configuration of the image has to name.
pub struct LayerReader<'a> {
    members: Members<Stream<Decoder<'a>>>,
    compression: Compression,
    seen: Seen,
    limits: Limits,
}

impl<'a> LayerReader<'a> {
    /// The layer that is read from `input`, in any compression. `algorithm` is that of its digest in the configuration.
    pub fn new(input: impl Read + 'a, algorithm: Algorithm, limits: Limits) -> Result<Self, LayerError> {
        let decoder = Decoder::new(input).map_err(TarError::from)?;
        let compression = decoder.compression();
        let stream = Stream {
            inner: decoder,
            hasher: Hasher::new(algorithm),
            left: limits.bytes,
            limit: limits.bytes,
        };
        Ok(Self { members: Members::new(stream), compression, seen: Seen::new(limits.entries), limits })
    }

    /// How it is compressed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The next entry; `None` behind the last one. What was not read of the content of the one before is passed over.
    #[expect(clippy::should_implement_trait, reason = "the content of an entry is read between two calls")]
    pub fn next(&mut self) -> Result<Option<Entry>, LayerError> {
        loop {
            let Some(member) = self.members.next().map_err(|error| self.too_large(error))? else {
                return Ok(None);
            };
            if let Some(mut entry) = entry(member)? {
                self.seen.take(&entry.path, &mut entry.kind)?;
                return Ok(Some(entry));
            }
        }
    }

    /// Reads the rest of it, and gives the digest of all without compression.
    pub fn finish(mut self) -> Result<Digest, LayerError> {
        while self.next()?.is_some() {}
        let limits = self.limits;
        let mut stream = self.members.into_input();
        // Behind the last member: tar pads its archives, and all of that counts.
        let rest = io::copy(&mut stream, &mut io::sink());
        rest.map_err(|error| too_large(error.into(), limits))?;
        Ok(stream.hasher.finish())
    }

    fn too_large(&self, error: TarError) -> LayerError {
        too_large(error, self.limits)
    }
}

impl Read for LayerReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.members.read(buffer)
    }
}

impl std::fmt::Debug for LayerReader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LayerReader").field("at", &self.members.position()).finish_non_exhaustive()
    }
}

/// Makes an entry of a member; `None` for what only aufs understands.
fn entry(member: Member) -> Result<Option<Entry>, LayerError> {
    let stored = normal(&member.path).map_err(refused(&member.path))?;
    let Some((path, kind)) = meaning(stored, member.form)? else { return Ok(None) };
    if path.is_empty() && !matches!(kind, Kind::Directory | Kind::Opaque) {
        return Err(refused(&member.path)(PathError::Empty));
    }
    let overlay = |name: &[u8]| name.starts_with(b"trusted.overlay.") || name.starts_with(b"user.overlay.");
    let xattrs = member.xattrs.into_iter().filter(|(name, _)| !overlay(name)).collect();
    let Member { mode, uid, gid, mtime, .. } = member;
    Ok(Some(Entry { path, kind, mode, uid, gid, mtime, xattrs }))
}

fn refused(path: &[u8]) -> impl FnOnce(PathError) -> LayerError + '_ {
    move |source| LayerError::Path { path: shown(path), source }
}

/// The path that a member is about, and what it says of it.
fn meaning(stored: Vec<u8>, form: Form) -> Result<Option<(Vec<u8>, Kind)>, LayerError> {
    let at = name_at(&stored);
    let above_is_marked = stored[..at].split(|byte| *byte == b'/').any(|part| part.starts_with(WHITEOUT));
    let name = &stored[at..];
    if name == OPAQUE && !above_is_marked {
        let directory = stored[..at.saturating_sub(1)].to_vec();
        return Ok(Some((directory, Kind::Opaque)));
    }
    if stored.split(|byte| *byte == b'/').any(|part| part.starts_with(AUFS)) {
        return Ok(None);
    }
    if above_is_marked {
        return Err(LayerError::Below {
            path: shown(&stored),
            parent: shown(&stored[..at.saturating_sub(1)]),
        });
    }
    if let Some(removed) = name.strip_prefix(WHITEOUT) {
        if removed.is_empty() || removed == b"." || removed == b".." {
            return Err(refused(&stored)(PathError::Parent));
        }
        let path = [&stored[..at], removed].concat();
        return Ok(Some((path, Kind::Whiteout)));
    }
    let kind = match form {
        Form::File(size) => Kind::File(size),
        Form::Directory => Kind::Directory,
        Form::Symlink(target) => {
            if target.is_empty() || target.len() > limits::LINK || target.contains(&0) {
                return Err(LayerError::Symlink(shown(&stored)));
            }
            Kind::Symlink(target)
        }
        Form::HardLink(target) => {
            let clean = normal(&target).map_err(refused(&target))?;
            if clean.is_empty() {
                return Err(refused(&target)(PathError::Empty));
            }
            Kind::HardLink(clean, Place::Lower)
        }
        Form::CharDevice(major, minor) => Kind::CharDevice(major, minor),
        Form::BlockDevice(major, minor) => Kind::BlockDevice(major, minor),
        Form::Fifo => Kind::Fifo,
    };
    Ok(Some((stored, kind)))
}

/// Bytes without compression, counted and hashed.
#[derive(Debug)]
struct Stream<R> {
    inner: R,
    hasher: Hasher,
    left: u64,
    limit: u64,
}

/// Marks the error of a stream that has more bytes than its limit.
#[derive(Debug, thiserror::Error)]
#[error("the layer has more than {0} bytes when it is unpacked")]
struct OverLimit(u64);

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        self.left = left.ok_or_else(|| io::Error::other(OverLimit(self.limit)))?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

impl<R: Read> Input for Stream<R> {
    fn skip(&mut self, count: u64) -> io::Result<u64> {
        if count > self.left {
            return Err(io::Error::other(OverLimit(self.limit)));
        }
        io::copy(&mut self.take(count), &mut io::sink())
    }
}

fn too_large(error: TarError, limits: Limits) -> LayerError {
    match error {
        TarError::Io(error) if is_over_limit(&error) => LayerError::TooLarge(limits.bytes),
        other => other.into(),
    }
}

fn is_over_limit(error: &io::Error) -> bool {
    let marked: Option<&OverLimit> = error.get_ref().and_then(|inner| inner.downcast_ref());
    marked.is_some()
}
