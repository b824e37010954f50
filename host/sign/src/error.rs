//! Why something can't be signed.

use crate::certificate::CertificateError;
use crate::pe::SealError;
use crate::signer::KeyError;

/// A signature that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key can't be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The certificate can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The program can't carry a signature.
    #[error(transparent)]
    Program(#[from] SealError),
    /// The signature can't be written down. Only a certificate that was read wrongly leads here.
    #[error("encoding a signature: {0}")]
    Encoding(#[from] der::Error),
}
