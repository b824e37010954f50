//! Signs a PE program.
//!
//! Specification: Microsoft's "Windows Authenticode Portable Executable Signature Format".

use der::asn1::{BitString, ObjectIdentifier, OctetString};
use der::{Any, Encode, Sequence, Tag};
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::error::SignError;
use crate::pe::{PeDigest, append, digest, padded};
use crate::signed_data::{Attributed, content_info, null, sha256, signed_data};
use crate::signer::Signer;

/// `SPC_INDIRECT_DATA_OBJID`: the type of what is signed.
const INDIRECT_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.4");
/// `SPC_PE_IMAGE_DATAOBJ`: what is hashed is a PE program.
const PE_IMAGE_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.15");
/// `SPC_SP_OPUS_INFO_OBJID`: name and address of the publisher; it has to be there and may be empty.
const OPUS_INFO: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.2.1.12");

/// `file` of `SpcPeImageData`: `[0] EXPLICIT SpcLink`, a file, `[2] EXPLICIT SpcString`, in Unicode, `[0] IMPLICIT
/// BMPString`, empty.
const NO_FILE: [u8; 6] = [0xa0, 0x04, 0xa2, 0x02, 0x80, 0x00];

#[derive(Sequence)]
struct IndirectDataContent {
    data: AttributeAndValue,
    message_digest: DigestInfo,
}

#[derive(Sequence)]
struct AttributeAndValue {
    kind: ObjectIdentifier,
    value: Any,
}

#[derive(Sequence)]
struct DigestInfo {
    algorithm: AlgorithmIdentifierOwned,
    digest: OctetString,
}

/// The program with a signature appended. It has to be unsigned.
pub fn sign(program: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    let program = padded(program)?;
    let content = indirect_data(&digest(&program)?)?;
    let opus_info = (OPUS_INFO, Any::new(Tag::Sequence, [])?);
    let message = signed_data(signer, &Attributed { kind: INDIRECT_DATA, content, more: vec![opus_info] })?;
    Ok(append(program, &content_info(&message)?)?)
}

fn indirect_data(digest: &PeDigest) -> Result<Any, der::Error> {
    let mut image_data = BitString::from_bytes(&[])?.to_der()?;
    image_data.extend_from_slice(&NO_FILE);
    let content = IndirectDataContent {
        data: AttributeAndValue { kind: PE_IMAGE_DATA, value: Any::new(Tag::Sequence, image_data)? },
        message_digest: DigestInfo {
            algorithm: AlgorithmIdentifierOwned { oid: sha256(), parameters: Some(null()) },
            digest: OctetString::new(digest.0)?,
        },
    };
    Any::encode_from(&content)
}
