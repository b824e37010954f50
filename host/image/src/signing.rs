//! What loader and boot image are signed with, and what the disk tells firmware about it.

use bytes::Bytes;
use corten_sign::efi::{KeyVariable, ListError, SignatureList, UpdateError, read_lists, read_update};
use corten_sign::{Certificate, Signer, sign};

use crate::cache::key;
use crate::error::Error;

/// Signs loader and boot image.
#[derive(Clone, Copy)]
pub struct Signing<'a> {
    /// The key.
    pub signer: &'a dyn Signer,
    /// Signed updates for firmware that knows no keys yet, put on the ESP.
    pub enrolment: Option<&'a Enrolment>,
}

/// Signed updates of the three variables with keys, which let this image boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment(Vec<(KeyVariable, Vec<u8>)>);

/// Why updates are not put on a disk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// An update can't be read.
    #[error("{}.auth: {source}", variable.name())]
    Update {
        /// Its variable.
        variable: KeyVariable,
        /// Why.
        source: UpdateError,
    },
    /// What it holds can't be read.
    #[error("{}.auth: {source}", variable.name())]
    List {
        /// Its variable.
        variable: KeyVariable,
        /// Why.
        source: ListError,
    },
    /// It holds nothing, which would take keys away.
    #[error("{}.auth holds no certificate", .0.name())]
    Empty(KeyVariable),
    /// Firmware that took these keys would refuse the image that brought them.
    #[error(
        "db.auth lacks the certificate that the image is signed with, {0}: firmware with these keys would refuse it"
    )]
    Foreign(String),
}

impl Enrolment {
    /// Checks that firmware which takes these updates boots what is signed with this certificate.
    pub fn new(
        updates: Vec<(KeyVariable, Vec<u8>)>,
        certificate: &Certificate,
    ) -> Result<Self, EnrolmentError> {
        for (variable, update) in &updates {
            let variable = *variable;
            let update = read_update(update).map_err(|source| EnrolmentError::Update { variable, source })?;
            let lists =
                read_lists(&update.value).map_err(|source| EnrolmentError::List { variable, source })?;
            let mut certificates = lists.iter().flat_map(SignatureList::certificates).peekable();
            if certificates.peek().is_none() {
                return Err(EnrolmentError::Empty(variable));
            }
            if variable == KeyVariable::Database && !certificates.any(|one| one == certificate.der()) {
                return Err(EnrolmentError::Foreign(certificate.subject()));
            }
        }
        Ok(Self(updates))
    }

    /// Name and content of each file, in the order in which firmware has to get them.
    pub fn files(&self) -> impl Iterator<Item = (String, &[u8])> {
        self.0.iter().map(|(variable, update)| (format!("{}.auth", variable.name()), update.as_slice()))
    }
}

impl Signing<'_> {
    /// Key over everything that a signature depends on. A key that does not fit its certificate is never used, so
    /// the certificate speaks for both.
    pub(crate) fn state(&self) -> String {
        let updates: Vec<&[u8]> =
            self.enrolment.iter().flat_map(|all| &all.0).map(|(_, one)| one.as_slice()).collect();
        let parts: Vec<&[u8]> = std::iter::once(self.signer.certificate().der()).chain(updates).collect();
        key(&parts)
    }
}

/// The program, signed where there is a key.
pub fn signed(program: Bytes, signing: Option<&Signing<'_>>) -> Result<Bytes, Error> {
    match signing {
        Some(signing) => Ok(Bytes::from(sign(&program, signing.signer)?)),
        None => Ok(program),
    }
}
