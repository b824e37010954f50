//! The part of a plan that is about Secure Boot.

use std::path::PathBuf;

use corten_document::{Court, KeyPath};
use serde::Serialize;

use crate::load::KeyFiles;

/// With what loader and boot image are signed.
///
/// Serialised it says only that they are: which key it is shows in the certificate, not in where it lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SecureBoot {
    /// File of the key.
    #[serde(skip)]
    pub key: PathBuf,
    /// File of its certificate.
    #[serde(skip)]
    pub certificate: PathBuf,
    /// Folder with signed updates for firmware.
    #[serde(skip)]
    pub enrol: Option<PathBuf>,
}

/// A key is nothing without its certificate, and the other way round.
pub(super) fn decide(files: &KeyFiles, court: &mut Court<'_>) -> Option<SecureBoot> {
    let mut need = |name: &str, there: &Option<PathBuf>| {
        if there.is_none() {
            let help = format!("add `{name} = \"path of a file\"`; `corten secure-boot keys` makes both");
            court.missing(&KeyPath::of(&["secure-boot", name]), &help);
        }
    };
    need("key", &files.key);
    need("cert", &files.certificate);
    Some(SecureBoot {
        key: files.key.clone()?,
        certificate: files.certificate.clone()?,
        enrol: files.enrol.clone(),
    })
}
