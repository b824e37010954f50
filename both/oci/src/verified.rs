//! Reading a blob means verifying it: the reader that blobs come through compares size and digest.

use std::cmp::Ordering;
use std::io::{self, Read};

use crate::digest::{Digest, Hasher};

/// Bytes that are not what their descriptor says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Another digest.
    #[error("{expected} hashes to {found}: it was changed or damaged")]
    Digest {
        /// What it is known by.
        expected: String,
        /// What it hashes to.
        found: String,
    },
    /// Another size.
    #[error("{digest} has {found} bytes, and not {expected} as its descriptor says")]
    Short {
        /// What it is known by.
        digest: String,
        /// Its size by its descriptor.
        expected: u64,
        /// Bytes that were there.
        found: u64,
    },
    /// More bytes than its descriptor says.
    #[error("{digest} has more than the {expected} bytes that its descriptor says")]
    Long {
        /// What it is known by.
        digest: String,
        /// Its size by its descriptor.
        expected: u64,
    },
}

impl Mismatch {
    /// The mismatch in an error of a reader, if it is one.
    pub fn in_error(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// A reader that fails at the end, in place of ending, unless all bytes were those of the digest.
///
/// What it hands out before its end is not verified yet: whoever acts on it has to be able to take that back.
#[derive(Debug)]
pub struct Verified<R> {
    inner: R,
    digest: Digest,
    size: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Reading { hasher: Hasher, count: u64 },
    Ended(Result<(), Mismatch>),
}

impl<R: Read> Verified<R> {
    /// A blob of this digest and size.
    pub fn new(inner: R, digest: Digest, size: u64) -> Self {
        let state = State::Reading { hasher: Hasher::new(digest.algorithm()), count: 0 };
        Self { inner, digest, size, state }
    }

    /// Its size.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads what is left, so that all of it is verified.
    pub fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink()).map(|_| ())
    }
}

impl<R: Read> Read for Verified<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ended = |result: &Result<(), Mismatch>| {
            result.clone().map(|()| 0).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        };
        let (hasher, count) = match &mut self.state {
            State::Ended(result) => return ended(result),
            State::Reading { .. } if buffer.is_empty() => return Ok(0),
            State::Reading { hasher, count } => (hasher, count),
        };
        let read = self.inner.read(buffer)?;
        *count += read as u64;
        if read > 0 && *count <= self.size {
            hasher.update(&buffer[..read]);
            return Ok(read);
        }
        let (digest, expected) = (self.digest.to_string(), self.size);
        let result = match (*count).cmp(&expected) {
            Ordering::Greater => Err(Mismatch::Long { digest, expected }),
            Ordering::Less => Err(Mismatch::Short { digest, expected, found: *count }),
            Ordering::Equal => {
                let found = hasher.clone().finish();
                let right = found == self.digest;
                let found = found.to_string();
                if right { Ok(()) } else { Err(Mismatch::Digest { expected: digest, found }) }
            }
        };
        let answer = ended(&result);
        self.state = State::Ended(result);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], digest: Digest, size: u64) -> Result<Vec<u8>, Mismatch> {
        let mut reader = Verified::new(bytes, digest, size);
        let mut all = Vec::new();
        match reader.read_to_end(&mut all) {
            Ok(_) => Ok(all),
            Err(error) => {
                let again = reader.read(&mut [0]).expect_err("it stays wrong");
                let found = Mismatch::in_error(&error).cloned();
                assert_eq!(found.as_ref(), Mismatch::in_error(&again));
                Err(found.expect("nothing else can fail"))
            }
        }
    }

    #[test]
    fn only_the_very_bytes_get_through() {
        let digest = Digest::of(b"content");
        assert_eq!(read(b"content", digest, 7).as_deref(), Ok(&b"content"[..]));
        assert!(matches!(read(b"CONTENT", digest, 7), Err(Mismatch::Digest { .. })));
        assert!(matches!(read(b"conten", digest, 7), Err(Mismatch::Short { found: 6, .. })));
        assert!(matches!(read(b"content and more", digest, 7), Err(Mismatch::Long { .. })));
    }

    #[test]
    fn who_stops_early_can_verify_the_rest() {
        let mut reader = Verified::new(&b"content"[..], Digest::of(b"other"), 7);
        assert_eq!(reader.read(&mut [0; 3]).expect("it is not over yet"), 3);
        assert!(reader.finish().is_err());
    }
}
