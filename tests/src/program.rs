//! Loader and boot image, altered in ways that firmware with Secure Boot has to notice.

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

/// The program with one bit in the middle of a section turned around, its signature left as it was.
pub fn with_changed_byte(program: &[u8], section: &str) -> Result<Vec<u8>> {
    let image = PeImage::parse(program)?;
    let found = image.sections().iter().find(|one| one.name == section);
    let found = found.with_context(|| format!("the program has no {section}"))?;
    ensure!(found.virtual_size > 0, "{section} is empty");
    let at = found.raw_offset as usize + found.virtual_size.min(found.raw_size) as usize / 2;
    let mut changed = program.to_vec();
    changed[at] ^= 1;
    Ok(changed)
}

/// An addon for a boot image: what the stub takes from it is this command line. Unsigned.
pub fn addon(boot_image: &[u8], command_line: &str) -> Result<Vec<u8>> {
    let mut addon = unsigned(boot_image)?;
    let image = PeImage::parse(&addon)?;
    let headers = image.size_of_headers() as usize;
    let place = image.sections().iter().find(|one| one.name == ".cmdline").context("no .cmdline")?;
    let (start, room) = (place.raw_offset as usize, place.virtual_size as usize);
    ensure!(command_line.len() <= room, "no room for {command_line:?}");
    addon[start..start + room].fill(b' ');
    addon[start..start + command_line.len()].copy_from_slice(command_line.as_bytes());
    // What has a kernel is no addon, and what has an initrd would add that too.
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
