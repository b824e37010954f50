//! Secure Boot with the owner's keys: making keys, signing PE programs, and telling firmware about the keys.
//!
//! ```text
//! keys ──> PK, KEK, db: key and certificate each
//!           │
//!           ├─ Authenticode ──> loader and boot image with a certificate table
//!           ├─ signed updates of variables (.auth) ──> firmware in setup mode, by systemd-boot or by hand
//!           └─ variable store ──> a virtual machine whose firmware has the keys from the start
//! ```
//!
//! Everything but [`FileSigner`], [`KeyFolder`] and the making of keys is pure: bytes in, bytes out. Signatures are RSA PKCS#1 v1.5
//! over SHA-256 without a signing time, so the same program and key give the same bytes.
#![forbid(unsafe_code)]

mod authenticode;
mod certificate;
pub mod efi;
mod error;
mod folder;
pub mod keys;
mod pe;
mod signed_data;
mod signer;

pub use authenticode::sign;
pub use certificate::{Certificate, CertificateError};
pub use error::SignError;
pub use folder::{FolderError, KeyFolder};
pub use pe::{PeDigest, SealError, checksum, digest};
pub use signer::{Exposed, FileSigner, KeyError, Signer, read_certificate};
