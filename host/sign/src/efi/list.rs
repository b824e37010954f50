//! Lists of signatures: what `PK`, `KEK`, `db` and files with the ending `.esl` hold.
//!
//! Specification: UEFI 2.10, 32.4.1.1, `EFI_SIGNATURE_LIST`. A list has entries of one type and one size, so each
//! certificate is in a list of its own.

use corten_formats::gpt::Guid;

use super::{array, guid_at, u32_at};

/// `EFI_CERT_X509_GUID`: the entry is a certificate, DER.
const X509: Guid = Guid::new(0xa5c0_59a1_94e4_4aa7_87b5_ab15_5c2b_f072);

/// Type, size of the list, size of the header, size of an entry.
const HEADER: usize = 28;
/// Each entry starts with its owner.
const OWNER: usize = 16;
/// Entries in all lists of a variable; firmware has room for some hundred.
const MAX_ENTRIES: usize = 4096;

/// An entry and who put it there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Who: a GUID of the owner's choice.
    pub owner: Guid,
    /// A certificate in DER, a hash, or what else the type of the list says.
    pub data: Vec<u8>,
}

/// Entries of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureList {
    /// What the entries are.
    pub kind: Guid,
    /// The entries, all of one size.
    pub entries: Vec<Owned>,
}

impl SignatureList {
    /// A list of one certificate.
    pub fn of_certificate(owner: Guid, der: &[u8]) -> Self {
        Self { kind: X509, entries: vec![Owned { owner, data: der.to_vec() }] }
    }

    /// The certificates in it, DER.
    pub fn certificates(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().filter(|_| self.kind == X509).map(|entry| entry.data.as_slice())
    }
}

/// Why bytes are no lists of signatures, or lists can't be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// A list or an entry does not fit.
    #[error("signature list at byte {at}: its sizes do not fit the {len} bytes that there are")]
    Size {
        /// Where the list starts.
        at: usize,
        /// Bytes of all lists.
        len: usize,
    },
    /// More than any firmware has room for.
    #[error("more than {MAX_ENTRIES} entries in signature lists")]
    TooMany,
    /// Entries of one list have one size.
    #[error("entries of a signature list differ in size")]
    Mixed,
}

/// Reads lists, one behind the other.
pub fn read_lists(bytes: &[u8]) -> Result<Vec<SignatureList>, ListError> {
    let mut lists = Vec::new();
    let (mut at, mut count) = (0, 0);
    while at < bytes.len() {
        let size = || ListError::Size { at, len: bytes.len() };
        let kind = guid_at(bytes, at).ok_or_else(size)?;
        let field = |n: usize| u32_at(bytes, at + 16 + n * 4).map(|value| value as usize).ok_or_else(size);
        let (list, header, entry) = (field(0)?, field(1)?, field(2)?);
        let content = bytes.get(at..).and_then(|rest| rest.get(..list)).ok_or_else(size)?;
        let entries = content.get(HEADER..).and_then(|rest| rest.get(header..)).ok_or_else(size)?;
        if entry < OWNER || !entries.len().is_multiple_of(entry) {
            return Err(size());
        }
        count += entries.len() / entry;
        // A list without entries moves on by its header, so this ends.
        if count > MAX_ENTRIES || lists.len() > MAX_ENTRIES {
            return Err(ListError::TooMany);
        }
        let entries = entries.chunks_exact(entry).map(|entry| Owned {
            owner: array(entry, 0).map(Guid::from_disk).unwrap_or_default(),
            data: entry[OWNER..].to_vec(),
        });
        lists.push(SignatureList { kind, entries: entries.collect() });
        at += list;
    }
    Ok(lists)
}

/// Writes lists, one behind the other.
pub fn write_lists(lists: &[SignatureList]) -> Result<Vec<u8>, ListError> {
    let mut out = Vec::new();
    for list in lists {
        let entry = list.entries.first().map_or(0, |entry| entry.data.len()) + OWNER;
        if list.entries.iter().any(|one| one.data.len() + OWNER != entry) {
            return Err(ListError::Mixed);
        }
        let at = out.len();
        let narrow = |value: usize| u32::try_from(value).map_err(|_| ListError::Size { at, len: value });
        let size = narrow(HEADER + entry * list.entries.len())?;
        out.extend_from_slice(&list.kind.to_disk());
        for field in [size, 0, narrow(entry)?] {
            out.extend_from_slice(&field.to_le_bytes());
        }
        for one in &list.entries {
            out.extend_from_slice(&one.owner.to_disk());
            out.extend_from_slice(&one.data);
        }
    }
    Ok(out)
}
