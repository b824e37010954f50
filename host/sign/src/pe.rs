//! What Authenticode hashes of a PE program, and where the signature goes.
//!
//! Specifications: Microsoft's "Windows Authenticode Portable Executable Signature Format", "Calculating the PE Image
//! Hash", and "PE Format", "The Attribute Certificate Table".
//!
//! ```text
//! headers    all but the checksum and the entry of the certificate table
//! sections   by their place in the file
//! the rest   all but the certificate table, which is at the end
//! ```
//!
//! The algorithm leaves out bytes between sections. Nothing that we sign may have such bytes: they could be changed
//! and the signature would still hold.

use aws_lc_rs::digest::{Context, SHA256};
use corten_formats::uki::{PeError, PeImage};

/// SHA-256 of what a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeDigest(pub [u8; 32]);

/// The certificate table starts at a multiple of this, and so does each entry of it.
const ALIGNMENT: usize = 8;

/// `dwLength`, `wRevision` (2.0), `wCertificateType` (PKCS #7 SignedData) of an entry of the certificate table.
const ENTRY_HEADER: usize = 8;
const REVISION_2: u16 = 0x0200;
const PKCS_SIGNED_DATA: u16 = 0x0002;

/// Why a program can't carry a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes are no program.
    #[error(transparent)]
    Program(#[from] PeError),
    /// The program is signed by somebody already.
    #[error("the program has a signature already: sign the unsigned one")]
    Signed,
    /// There is no place that could say where the signature is.
    #[error("the headers of the program have no entry for a certificate table")]
    NoEntry,
    /// Bytes that no signature would cover, or that two sections share.
    #[error(
        "the program has a gap or an overlap before byte {at:#x}: a signature would not cover every byte"
    )]
    Gap {
        /// Offset of the part that does not start where the one before it ends.
        at: usize,
    },
    /// The certificate table is not the last thing in the file.
    #[error("the certificate table ends at byte {end:#x} of {len:#x}: expected it at the end of the file")]
    NotLast {
        /// End of the table.
        end: usize,
        /// Bytes of the file.
        len: usize,
    },
    /// The sum is of words, and the headers of what linkers make start at a multiple of 8.
    #[error("the checksum lies at byte {at:#x}: expected an even offset")]
    Odd {
        /// Its offset.
        at: usize,
    },
    /// Offsets in a PE program have 32 bits.
    #[error("the program would be 4 GiB or more with its signature")]
    Large,
}

/// The hash that a signature of this program signs. An existing signature makes no difference.
pub fn digest(program: &[u8]) -> Result<PeDigest, SealError> {
    let image = PeImage::parse(program)?;
    let entry = image.certificate_entry_offset().ok_or(SealError::NoEntry)?;
    let checksum = image.checksum_offset();
    let end = covered(&image)?;
    let mut hash = Context::new(&SHA256);
    for range in [0..checksum, checksum + 4..entry, entry + 8..end] {
        hash.update(program.get(range).ok_or(SealError::Gap { at: entry })?);
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(hash.finish().as_ref());
    Ok(PeDigest(digest))
}

/// Where the part ends that is hashed, having checked that headers, sections and the rest follow each other.
fn covered(image: &PeImage<'_>) -> Result<usize, SealError> {
    let mut sections: Vec<_> = image
        .sections()
        .iter()
        .filter(|section| section.raw_size > 0)
        .map(|section| (section.raw_offset as usize, section.raw_size as usize))
        .collect();
    sections.sort_unstable();
    let mut at = image.size_of_headers() as usize;
    for (offset, size) in sections {
        if offset != at {
            return Err(SealError::Gap { at: offset });
        }
        at = offset.saturating_add(size);
    }
    let len = image.file_size();
    let end = match image.certificates_range() {
        Some(table) if table.end != len => return Err(SealError::NotLast { end: table.end, len }),
        Some(table) => table.start,
        None => len,
    };
    let headers = image.certificate_entry_offset().map_or(0, |entry| entry + 8);
    if at > end || (image.size_of_headers() as usize) < headers {
        return Err(SealError::Gap { at: end });
    }
    Ok(end)
}

/// The program as it is hashed and signed: unsigned, and of a length at which a certificate table can follow.
pub(crate) fn padded(program: &[u8]) -> Result<Vec<u8>, SealError> {
    let image = PeImage::parse(program)?;
    image.certificate_entry_offset().ok_or(SealError::NoEntry)?;
    if image.certificates_range().is_some() {
        return Err(SealError::Signed);
    }
    let mut padded = Vec::with_capacity(program.len() + 4096);
    padded.extend_from_slice(program);
    padded.resize(program.len().next_multiple_of(ALIGNMENT), 0);
    Ok(padded)
}

/// Appends a PKCS #7 signature to a program that [`padded`] made, and sets the checksum.
pub(crate) fn append(mut program: Vec<u8>, signature: &[u8]) -> Result<Vec<u8>, SealError> {
    let image = PeImage::parse(&program)?;
    let entry = image.certificate_entry_offset().ok_or(SealError::NoEntry)?;
    let start = u32::try_from(program.len()).map_err(|_| SealError::Large)?;
    // The padding belongs to the entry, as Microsoft's own signer writes it.
    let size = (ENTRY_HEADER + signature.len()).next_multiple_of(ALIGNMENT);
    let size = u32::try_from(size).map_err(|_| SealError::Large)?;
    start.checked_add(size).ok_or(SealError::Large)?;
    program.extend_from_slice(&size.to_le_bytes());
    program.extend_from_slice(&REVISION_2.to_le_bytes());
    program.extend_from_slice(&PKCS_SIGNED_DATA.to_le_bytes());
    program.extend_from_slice(signature);
    program.resize(start as usize + size as usize, 0);
    program[entry..entry + 4].copy_from_slice(&start.to_le_bytes());
    program[entry + 4..entry + 8].copy_from_slice(&size.to_le_bytes());
    let sum = checksum(&program)?;
    let at = PeImage::parse(&program)?.checksum_offset();
    program[at..at + 4].copy_from_slice(&sum.to_le_bytes());
    Ok(program)
}

/// The checksum of a program: the sum of its 16-bit words with carries added in, its own field as zero, plus its
/// length.
pub fn checksum(program: &[u8]) -> Result<u32, SealError> {
    let at = PeImage::parse(program)?.checksum_offset();
    if at % 2 != 0 {
        return Err(SealError::Odd { at });
    }
    let words = |bytes: &[u8]| -> u64 {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let sum: u64 = pairs.iter().map(|pair| u64::from(u16::from_le_bytes(*pair))).sum();
        sum + rest.first().map_or(0, |last| u64::from(*last))
    };
    let mut sum = words(&program[..at]) + words(&program[at + 4..]);
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    let len = u32::try_from(program.len()).map_err(|_| SealError::Large)?;
    Ok((sum as u32).wrapping_add(len))
}
