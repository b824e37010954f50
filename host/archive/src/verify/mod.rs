//! Whether what a mirror serves is what the archive published: signatures, names and dates of `InRelease`.
//!
//! Three steps, each its own file: [`clearsign`] takes the message apart, [`certificate`] and [`keyring`] decide
//! whose signature counts, [`freshness`] compares names and dates with what was asked for. Nothing outside the
//! signed part is ever read.

pub mod certificate;
pub mod clearsign;
pub mod freshness;
pub mod keyring;

use corten_formats::deb::release::{Release, ReleaseError};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use self::clearsign::{ClearsignError, Message};
use self::freshness::{Expected, FreshnessError};
use self::keyring::Keyring;

/// A `Release` file whose signature, names and dates were checked.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its content.
    pub release: Release,
    /// SHA-256 of the whole `InRelease` file.
    pub sha256: [u8; 32],
}

/// Why metadata of an archive is refused. Each message starts with the file.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is no clear-signed message.
    #[error("{file} is refused: {source}")]
    Message {
        /// Where it came from.
        file: String,
        /// What is wrong.
        source: ClearsignError,
    },
    /// No signature on it counts.
    #[error("{file} is refused: no valid signature by a key of the keyring {keyring}: {}", reasons.join("; "))]
    Signature {
        /// Where it came from.
        file: String,
        /// Files that the keys were read from.
        keyring: String,
        /// For each signature, why it does not count.
        reasons: Vec<String>,
    },
    /// The signed text is no `Release` file.
    #[error("{file} is refused: {source}")]
    Release {
        /// Where it came from.
        file: String,
        /// What is wrong.
        source: ReleaseError,
    },
    /// Wrong suite, expired, from the future, or older than what is known.
    #[error("{file} is refused: {source}")]
    Freshness {
        /// Where it came from.
        file: String,
        /// What is wrong.
        source: FreshnessError,
    },
    /// The signed text has no hash of an index that is needed.
    #[error("{file} lists no {index} with a SHA256")]
    Unlisted {
        /// Where it came from.
        file: String,
        /// Path of the index.
        index: String,
    },
    /// An index or a package has other bytes than it has to have.
    #[error("{file} is refused: its SHA-256 is {found}, expected {expected}")]
    Hash {
        /// Where it came from.
        file: String,
        /// Hash of what came.
        found: String,
        /// Hash that is signed or locked.
        expected: String,
    },
    /// An index or a package has another size than it has to have.
    #[error("{file} is refused: it has {found} bytes, expected {expected}")]
    Size {
        /// Where it came from.
        file: String,
        /// Bytes that came or were announced.
        found: u64,
        /// Size that is signed or locked.
        expected: u64,
    },
    /// An index or a package goes on after its end.
    #[error("{file} is refused: it goes on after the {expected} bytes that it has to have")]
    TooLong {
        /// Where it came from.
        file: String,
        /// Size that is signed or locked.
        expected: u64,
    },
    /// An index whose hash is right, but which can't be read.
    #[error("{file} can't be read: {why}")]
    Index {
        /// Where it came from.
        file: String,
        /// What is wrong.
        why: String,
    },
}

/// Checks an `InRelease` file; `file` names it in errors.
pub fn in_release(
    file: &str,
    message: &[u8],
    keyring: &Keyring,
    expected: &Expected<'_>,
    now: Timestamp,
) -> Result<Verified, VerifyError> {
    let owned = || file.to_owned();
    let signed = Message::parse(message).map_err(|source| VerifyError::Message { file: owned(), source })?;
    keyring.verify(&signed, now).map_err(|reasons| VerifyError::Signature {
        file: owned(),
        keyring: keyring.origin().to_owned(),
        reasons,
    })?;
    let release =
        Release::parse(signed.text()).map_err(|source| VerifyError::Release { file: owned(), source })?;
    freshness::check(&release, expected, now)
        .map_err(|source| VerifyError::Freshness { file: owned(), source })?;
    Ok(Verified { release, sha256: Sha256::digest(message).into() })
}
