//! The keys whose signatures count, and the check of a message against them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, VerifyingKey};

use super::certificate::{primary, primary_signs, subkey_signs};
use super::clearsign::Message;

/// Largest keyring file. That of Debian has 60 KB.
const MAX_SIZE: u64 = 16 << 20;

/// Where a Debian host keeps the keys of its archive.
const HOST_KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Where an administrator puts keys for all sources.
const HOST_FOLDER: &str = "/etc/apt/trusted.gpg.d";

/// Keys of an archive.
#[derive(Debug)]
pub struct Keyring {
    certificates: Vec<SignedPublicKey>,
    origin: String,
}

/// Why there is no keyring.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file can't be read.
    #[error("the keyring {path} can't be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is larger than any real keyring.
    #[error("the keyring {path} has {size} bytes, more than the {MAX_SIZE} that are read")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// A file without keys.
    #[error("the keyring {0} holds no OpenPGP public key")]
    Empty(PathBuf),
    /// The host has none.
    #[error(
        "this host has no keys of the Debian archive: expected {HOST_KEYRING} or files in {HOST_FOLDER}; install the \
         package debian-archive-keyring, or name a file with --keyring"
    )]
    NoneOnHost,
}

impl Keyring {
    /// Reads the keys of one file, binary or armored.
    pub fn read(path: &Path) -> Result<Self, KeyringError> {
        let failed = |source| KeyringError::Read { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size > MAX_SIZE {
            return Err(KeyringError::TooLarge { path: path.to_owned(), size });
        }
        let bytes = std::fs::read(path).map_err(failed)?;
        let certificates = parse(&bytes);
        if certificates.is_empty() {
            return Err(KeyringError::Empty(path.to_owned()));
        }
        Ok(Self { certificates, origin: path.display().to_string() })
    }

    /// Reads the keys that this host trusts for its archive. Files that hold no key are passed over.
    pub fn of_host() -> Result<Self, KeyringError> {
        let mut paths = vec![PathBuf::from(HOST_KEYRING)];
        let folder = std::fs::read_dir(HOST_FOLDER).into_iter().flatten().flatten();
        let mut trusted: Vec<PathBuf> = folder.map(|entry| entry.path()).collect();
        trusted.sort();
        let is_key = |path: &PathBuf| path.extension().is_some_and(|end| end == "gpg" || end == "asc");
        paths.extend(trusted.into_iter().filter(is_key));
        let rings: Vec<Self> = paths.iter().filter_map(|path| Self::read(path).ok()).collect();
        let certificates: Vec<_> = rings.into_iter().flat_map(|ring| ring.certificates).collect();
        if certificates.is_empty() {
            return Err(KeyringError::NoneOnHost);
        }
        Ok(Self { certificates, origin: format!("{HOST_KEYRING} and {HOST_FOLDER}") })
    }

    /// Where the keys came from, for messages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Passes when at least one signature is valid and made by a key that may sign now. Else says for each
    /// signature why it does not count.
    pub fn verify(&self, signed: &Message, now: Timestamp) -> Result<(), Vec<String>> {
        let text = signed.canonical();
        let mut reasons = Vec::new();
        for signature in signed.signatures() {
            match signature.as_ref().map_err(Clone::clone).and_then(|one| self.verify_one(one, &text, now)) {
                Ok(()) => return Ok(()),
                Err(why) => reasons.push(why),
            }
        }
        Err(reasons)
    }

    fn verify_one(&self, signature: &Signature, text: &str, now: Timestamp) -> Result<(), String> {
        let name = issuer(signature);
        let with_name = |why: String| format!("{name}: {why}");
        if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
            return Err(with_name("it is not a signature of a text".to_owned()));
        }
        if !is_strong(signature.hash_alg()) {
            return Err(with_name("it is made with a hash that is not safe".to_owned()));
        }
        let mut why = "the key is not in the keyring".to_owned();
        for certificate in &self.certificates {
            let result = if is_issuer(signature, &certificate.primary_key) {
                checked(signature, &certificate.primary_key, text)
                    .and_then(|()| primary(certificate, now))
                    .and_then(|()| primary_signs(certificate, now))
            } else if let Some(subkey) =
                certificate.public_subkeys.iter().find(|subkey| is_issuer(signature, &subkey.key))
            {
                checked(signature, &subkey.key, text)
                    .and_then(|()| primary(certificate, now))
                    .and_then(|()| subkey_signs(certificate, subkey, now))
            } else {
                continue;
            };
            match result.and_then(|()| unexpired(signature, now)) {
                Ok(()) => return Ok(()),
                Err(error) => why = error,
            }
        }
        Err(with_name(why))
    }
}

/// The keys of a file: armored blocks one after another, or binary packets.
fn parse(bytes: &[u8]) -> Vec<SignedPublicKey> {
    const HEAD: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains(HEAD) => {
            let blocks = text.split(HEAD).skip(1).map(|block| format!("{HEAD}{block}"));
            blocks.flat_map(|block| armored(&block)).collect()
        }
        _ => SignedPublicKey::from_bytes_many(bytes).into_iter().flatten().flatten().collect(),
    }
}

fn armored(block: &str) -> Vec<SignedPublicKey> {
    debug_assert!(SignedPublicKey::matches_block_type(BlockType::PublicKey));
    match SignedPublicKey::from_armor_many(block.as_bytes()) {
        Ok((keys, _)) => keys.flatten().collect(),
        Err(_) => Vec::new(),
    }
}

fn is_issuer(signature: &Signature, key: &impl KeyDetails) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if fingerprints.is_empty() {
        signature.issuer_key_id().contains(&&key.legacy_key_id())
    } else {
        fingerprints.contains(&&key.fingerprint())
    }
}

fn issuer(signature: &Signature) -> String {
    match (signature.issuer_fingerprint().first(), signature.issuer_key_id().first()) {
        (Some(fingerprint), _) => format!("signature by {fingerprint}"),
        (None, Some(id)) => format!("signature by {id}"),
        (None, None) => "signature by an unnamed key".to_owned(),
    }
}

fn is_strong(hash: Option<HashAlgorithm>) -> bool {
    use HashAlgorithm::{Sha3_256, Sha3_512, Sha256, Sha384, Sha512};
    matches!(hash, Some(Sha256 | Sha384 | Sha512 | Sha3_256 | Sha3_512))
}

fn checked(signature: &Signature, key: &impl VerifyingKey, text: &str) -> Result<(), String> {
    signature.verify(key, text.as_bytes()).map_err(|_| "it does not match the text".to_owned())
}

/// The date of a signature is not held against it: that of the signed text is checked, with an error of its own.
fn unexpired(signature: &Signature, now: Timestamp) -> Result<(), String> {
    let lifetime = signature.signature_expiration_time().map_or(0, pgp::types::Duration::as_secs);
    let created = signature.created().map_or(0, pgp::types::Timestamp::as_secs);
    if lifetime == 0 || now.as_second() < i64::from(created) + i64::from(lifetime) {
        Ok(())
    } else {
        Err("it has expired".to_owned())
    }
}
