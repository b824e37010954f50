//! The keys that an image is signed with: those of the command line, or those of the recipe.

use std::path::Path;

use anyhow::Result;
use corten_image::{Enrolment, EnrolmentError, Signing};
use corten_recipe::{KeyPath, Plan};
use corten_sign::{Exposed, FileSigner, FolderError, KeyError, KeyFolder, Signer as _};

use crate::arguments::SigningOptions;
use crate::exit::BadFile;
use crate::progress::Progress;

/// A key that was read, and what firmware is told.
pub struct Keys {
    signer: FileSigner,
    enrolment: Option<Enrolment>,
}

impl Keys {
    /// The keys of the command line or else of the recipe, if there are any.
    pub fn open(plan: &Plan, options: &SigningOptions, progress: &Progress) -> Result<Option<Self>> {
        if let (Some(key), Some(certificate)) = (&options.secure_boot_key, &options.secure_boot_cert) {
            let signer = signer(key, certificate, progress)?;
            let folder = options.secure_boot_enrol.as_deref();
            let enrolment = folder.map(|folder| enrolment(folder, &signer)).transpose()?;
            return Ok(Some(Self { signer, enrolment }));
        }
        let Some(named) = &plan.secure_boot else { return Ok(None) };
        let fault = |name: &str, message: String| {
            let key = KeyPath::of(&["secure-boot", name]);
            BadFile::key(miette::Report::new(plan.diagnostic(key, "recipe::secure-boot", message)))
        };
        let signer = signer(&named.key, &named.certificate, progress).map_err(|error| {
            let of_certificate = match &error {
                KeyError::Certificate { .. } => true,
                KeyError::Read { path, .. } => *path == named.certificate,
                _ => false,
            };
            fault(if of_certificate { "cert" } else { "key" }, error.to_string())
        })?;
        let folder = named.enrol.as_deref();
        let enrolment = folder.map(|folder| enrolment(folder, &signer)).transpose();
        let enrolment = enrolment.map_err(|error| fault("enrol", error.to_string()))?;
        Ok(Some(Self { signer, enrolment }))
    }

    /// The keys as the builder takes them.
    pub fn signing(&self) -> Signing<'_> {
        Signing { signer: &self.signer, enrolment: self.enrolment.as_ref() }
    }
}

fn signer(key: &Path, certificate: &Path, progress: &Progress) -> Result<FileSigner, KeyError> {
    let signer = FileSigner::open(key, certificate)?;
    if let Exposed::ToAll(mode) = signer.exposed() {
        let key = key.display();
        progress.line(&format!("warning: {key} can be read by everybody on this machine (mode {mode:04o})"));
    }
    Ok(signer)
}

/// Updates that can't be put on the disk.
#[derive(Debug, thiserror::Error)]
pub enum NoEnrolment {
    /// The folder lacks one.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Firmware with these keys would not boot the image.
    #[error("{folder}/{source}")]
    Content {
        /// The folder.
        folder: String,
        /// Why.
        source: EnrolmentError,
    },
}

fn enrolment(folder: &Path, signer: &FileSigner) -> Result<Enrolment, NoEnrolment> {
    let updates = KeyFolder::new(folder).updates()?;
    Enrolment::new(updates, signer.certificate())
        .map_err(|source| NoEnrolment::Content { folder: folder.display().to_string(), source })
}
