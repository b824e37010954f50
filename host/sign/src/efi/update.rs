//! Signed updates of variables: files with the ending `.auth`, which firmware and systemd-boot take.
//!
//! Specification: UEFI 2.10, 8.2.2 and 32.4: `EFI_VARIABLE_AUTHENTICATION_2`, followed by the new value.
//!
//! ```text
//! EFI_TIME                       16 bytes
//! WIN_CERTIFICATE_UEFI_GUID      length, revision, type, PKCS #7's GUID, SignedData
//! value                          signature lists
//! ```
//!
//! What is signed is not the file but name, namespace, attributes, time and value of the variable.

use corten_formats::gpt::Guid;
use der::Encode as _;

use super::{EfiTime, KEY_ATTRIBUTES, KeyVariable, array, guid_at, u32_at, utf16};
use crate::error::SignError;
use crate::signed_data::detached;
use crate::signer::Signer;

/// `EFI_CERT_TYPE_PKCS7_GUID`.
const PKCS7: Guid = Guid::new(0x4aaf_d29d_68df_49ee_8aa9_347d_3756_65a7);
const REVISION_2: u16 = 0x0200;
/// `WIN_CERT_TYPE_EFI_GUID`.
const EFI_GUID: u16 = 0x0ef1;
/// The header of the certificate: length, revision, type, GUID.
const HEADER: usize = 24;
const TIME: usize = 16;
/// Larger than any variable that firmware has room for.
const MAX_BYTES: usize = 1 << 20;

/// A signed update, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableUpdate {
    /// The time that it has to be newer than the variable.
    pub time: EfiTime,
    /// PKCS #7 SignedData, DER. It is not checked.
    pub signature: Vec<u8>,
    /// The new value.
    pub value: Vec<u8>,
}

/// Why bytes are no signed update.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// It ends too early, or is larger than any variable.
    #[error("a signed update of a variable has {0} bytes: its parts do not fit")]
    Size(usize),
    /// The signature is of a type that firmware does not take.
    #[error("the signature of the update is not PKCS #7")]
    Type,
}

/// Signs a new value of a variable that holds keys.
pub fn write_update(
    variable: KeyVariable,
    value: &[u8],
    time: EfiTime,
    signer: &dyn Signer,
) -> Result<Vec<u8>, SignError> {
    let mut message = utf16(variable.name());
    message.extend_from_slice(&variable.namespace().to_disk());
    message.extend_from_slice(&KEY_ATTRIBUTES.to_le_bytes());
    message.extend_from_slice(&time.bytes());
    message.extend_from_slice(value);
    // The specification wants SignedData itself, without the message around it that says what it is.
    let signature = detached(signer, &message)?.to_der()?;
    let mut out = Vec::with_capacity(TIME + HEADER + signature.len() + value.len());
    out.extend_from_slice(&time.bytes());
    out.extend_from_slice(&((HEADER + signature.len()) as u32).to_le_bytes());
    out.extend_from_slice(&REVISION_2.to_le_bytes());
    out.extend_from_slice(&EFI_GUID.to_le_bytes());
    out.extend_from_slice(&PKCS7.to_disk());
    out.extend_from_slice(&signature);
    out.extend_from_slice(value);
    Ok(out)
}

/// Takes a signed update apart.
pub fn read_update(bytes: &[u8]) -> Result<VariableUpdate, UpdateError> {
    let size = || UpdateError::Size(bytes.len());
    if bytes.len() > MAX_BYTES {
        return Err(size());
    }
    let time = EfiTime::from_bytes(array(bytes, 0).ok_or_else(size)?);
    let length = u32_at(bytes, TIME).ok_or_else(size)? as usize;
    let kind = u32_at(bytes, TIME + 4).ok_or_else(size)?;
    let expected = u32::from(REVISION_2) | u32::from(EFI_GUID) << 16;
    if kind != expected || guid_at(bytes, TIME + 8).ok_or_else(size)? != PKCS7 {
        return Err(UpdateError::Type);
    }
    let signature = bytes.get(TIME + HEADER..TIME.saturating_add(length)).ok_or_else(size)?;
    let value = bytes.get(TIME + length..).ok_or_else(size)?;
    Ok(VariableUpdate { time, signature: signature.to_vec(), value: value.to_vec() })
}
