//! Loader and boot image, altered in ways that firmware with Secure Boot has to notice.

use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use corten_formats::uki::PeImage;
use corten_sign::efi::KeyVariable;
use corten_sign::{FileSigner, KeyFolder, sign};

/// The program without its signature, as it was before it was signed.
pub fn unsigned(program: &[u8]) -> Result<Vec<u8>> {
    let image = PeImage::parse(program)?;
    let table = image.certificates_range().context("the program has no signature")?;
    let entry = image.certificate_entry_offset().context("the program can't have a signature")?;
    let mut bare = program.to_vec();
    bare[entry..entry + 8].fill(0);
    bare.truncate(table.start);
    Ok(bare)
}

/// The program signed with the db key of a folder in place of its own.
pub fn signed_with(program: &[u8], keys: &Path) -> Result<Vec<u8>> {
    let folder = KeyFolder::new(keys);
    let db = KeyVariable::Database;
    let signer = FileSigner::open(&folder.key(db), &folder.certificate(db))?;
    Ok(sign(&unsigned(program)?, &signer)?)
}

/// Where the content of a section lies, without the padding behind it.
pub fn section(program: &[u8], name: &str) -> Result<Range<usize>> {
    let image = PeImage::parse(program)?;
    let found = image.sections().iter().find(|one| one.name == name);
    let found = found.with_context(|| format!("the program has no {name}"))?;
    let start = found.raw_offset as usize;
    Ok(start..start + found.virtual_size.min(found.raw_size) as usize)
}

/// The program with one bit in the middle of a section turned around, its signature left as it was.
pub fn with_changed_byte(program: &[u8], name: &str) -> Result<Vec<u8>> {
    let place = section(program, name)?;
    ensure!(!place.is_empty(), "{name} is empty");
    let mut changed = program.to_vec();
    changed[place.start + place.len() / 2] ^= 1;
    Ok(changed)
}

/// An addon for a boot image: what the stub takes from it is this command line. Unsigned.
pub fn addon(boot_image: &[u8], command_line: &str) -> Result<Vec<u8>> {
    let mut addon = unsigned(boot_image)?;
    let place = section(&addon, ".cmdline")?;
    ensure!(command_line.len() <= place.len(), "no room for {command_line:?}");
    let padded = format!("{command_line:width$}", width = place.len());
    addon[place].copy_from_slice(padded.as_bytes());
    // What has a kernel is no addon, and what has an initrd would add that too.
    let headers = PeImage::parse(&addon)?.size_of_headers() as usize;
    for name in [".linux", ".initrd", ".ucode"] {
        let mut row = [0; 8];
        row[..name.len()].copy_from_slice(name.as_bytes());
        let at = addon[..headers].windows(8).position(|window| window == row);
        if let Some(at) = at {
            addon[at + 1] = b'_';
        }
    }
    Ok(addon)
}
