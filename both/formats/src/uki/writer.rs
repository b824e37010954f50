//! Appends sections to a stub. The same parts give the same bytes.

use zerocopy::IntoBytes;

use super::format::{
    CONTAINS_CODE, CONTAINS_INITIALIZED_DATA, MAX_SECTIONS, MEMORY_READ, NX_COMPAT, RawFile, RawOptional,
    RawSection,
};
use super::reader::{PeError, PeImage, Section};

/// What a boot image is made of, beside the stub. Only the microcode may be empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// `os-release`; its `VERSION_ID` is the version by which the loader sorts.
    pub os_release: &'a [u8],
    /// Kernel command line. An image without one would take it from whoever starts it.
    pub cmdline: &'a [u8],
    /// Version of the kernel, as `uname -r` prints it.
    pub uname: &'a [u8],
    /// Early cpio archive with the processor's microcode.
    pub microcode: &'a [u8],
    /// cpio archive of the initrd, as the kernel reads it.
    pub initrd: &'a [u8],
    /// The kernel, a PE program itself.
    pub linux: &'a [u8],
}

/// Why a boot image can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UkiError {
    /// The stub is no program.
    #[error("stub: {0}")]
    Stub(PeError),
    /// The kernel is no program that the firmware could start: it may be compressed.
    #[error("kernel: {0}")]
    Linux(PeError),
    /// The kernel is for another processor.
    #[error("kernel is for machine {linux:#x}, but the stub for {stub:#x}")]
    Machine {
        /// Machine of the stub.
        stub: u16,
        /// Machine of the kernel.
        linux: u16,
    },
    /// A signature would not hold for the changed program.
    #[error("stub is signed; a boot image is made from the unsigned one")]
    Signed,
    /// A part that has to be there is empty.
    #[error("section {0} of the boot image has no content")]
    Empty(&'static str),
    /// The stub has such a section already.
    #[error("stub has a section {0} already")]
    Exists(&'static str),
    /// The section table can't grow.
    #[error("stub has room for {room} more sections, but {needed} are to be added")]
    Room {
        /// Sections that fit.
        room: usize,
        /// Sections to be added.
        needed: usize,
    },
    /// Sections of the stub do not start at multiples of its alignment.
    #[error("section {0:?} of the stub is not aligned")]
    Alignment(String),
    /// Sizes in a PE program have 32 bits.
    #[error("boot image would be 4 GiB or more with its section {0}")]
    Large(&'static str),
}

const LINUX: &str = ".linux";
const MICROCODE: &str = ".ucode";

/// The boot image, unsigned. Its length is a multiple of the stub's file alignment, so a certificate table can
/// follow.
pub fn build(stub: &[u8], parts: &Parts<'_>) -> Result<Vec<u8>, UkiError> {
    let image = PeImage::parse(stub).map_err(UkiError::Stub)?;
    let linux = PeImage::parse(parts.linux).map_err(UkiError::Linux)?;
    check(&image, &linux)?;
    // The order of ukify; the stub measures by its own order, whatever the one in the file.
    let sections = [
        (".osrel", parts.os_release),
        (".cmdline", parts.cmdline),
        (".uname", parts.uname),
        (LINUX, parts.linux),
        (".initrd", parts.initrd),
        (MICROCODE, parts.microcode),
    ];
    let mut added = Vec::new();
    for (name, content) in sections {
        match (content.is_empty(), image.section(name)) {
            (_, Some(_)) => return Err(UkiError::Exists(name)),
            (false, None) => added.push((name, content)),
            (true, None) if name == MICROCODE => {}
            (true, None) => return Err(UkiError::Empty(name)),
        }
    }
    room(&image, added.len())?;

    let (mut file, mut optional) = (image.file.clone(), image.optional.clone());
    let (file_alignment, section_alignment) =
        (optional.file_alignment.get(), optional.section_alignment.get());
    let size = added.iter().map(|(_, content)| content.len() + file_alignment as usize).sum::<usize>();
    let mut out = Vec::with_capacity(stub.len() + file_alignment as usize + size);
    out.extend_from_slice(stub);
    let memory_end = |section: &Section| u64::from(section.virtual_address) + u64::from(section.virtual_size);
    let mut memory = image.sections().iter().map(memory_end).max().unwrap_or(0);
    let mut row = image.table_offset + image.sections().len() * size_of::<RawSection>();
    for (name, content) in &added {
        let narrow = |value: u64| u32::try_from(value).map_err(|_| UkiError::Large(name));
        let address = memory.next_multiple_of(section_alignment.into());
        memory = address + content.len() as u64;
        narrow(memory.next_multiple_of(section_alignment.into()))?;
        pad(&mut out, file_alignment);
        let raw_offset = out.len() as u64;
        out.extend_from_slice(content);
        pad(&mut out, file_alignment);
        narrow(out.len() as u64)?;
        let section = RawSection {
            name: short_name(name),
            virtual_size: narrow(content.len() as u64)?.into(),
            virtual_address: narrow(address)?.into(),
            raw_size: narrow(out.len() as u64 - raw_offset)?.into(),
            raw_offset: narrow(raw_offset)?.into(),
            unused: [0; 12],
            characteristics: (MEMORY_READ | content_flag(name)).into(),
        };
        out[row..row + size_of::<RawSection>()].copy_from_slice(section.as_bytes());
        row += size_of::<RawSection>();
        let data = optional.size_of_initialized_data.get().wrapping_add(content.len() as u32);
        optional.size_of_initialized_data = data.into();
    }
    file.sections += added.len() as u16;
    optional.size_of_image = (memory.next_multiple_of(section_alignment.into()) as u32).into();
    optional.size_of_headers = optional.size_of_headers.get().next_multiple_of(file_alignment).into();
    optional.checksum = 0.into();
    // Stub and kernel run under one set of page permissions, so both have to be fit for it.
    if linux.dll_characteristics() & NX_COMPAT == 0 {
        optional.dll_characteristics &= !NX_COMPAT;
    }
    let optional_offset = image.pe_offset + size_of::<RawFile>();
    out[image.pe_offset..optional_offset].copy_from_slice(file.as_bytes());
    out[optional_offset..optional_offset + size_of::<RawOptional>()].copy_from_slice(optional.as_bytes());
    Ok(out)
}

/// What stub and kernel have to fulfil.
fn check(image: &PeImage<'_>, linux: &PeImage<'_>) -> Result<(), UkiError> {
    if image.certificates().is_some() {
        return Err(UkiError::Signed);
    }
    if image.machine() != linux.machine() {
        return Err(UkiError::Machine { stub: image.machine(), linux: linux.machine() });
    }
    let alignment = image.optional.file_alignment.get();
    match image.sections().iter().find(|s| !s.raw_offset.is_multiple_of(alignment)) {
        Some(section) => Err(UkiError::Alignment(section.name.clone())),
        None => Ok(()),
    }
}

/// Checks that the section table can grow: up to the end of the headers, rounded up as the first section is.
fn room(image: &PeImage<'_>, needed: usize) -> Result<(), UkiError> {
    let alignment = image.optional.file_alignment.get();
    let headers = image.size_of_headers().checked_next_multiple_of(alignment).unwrap_or(0) as usize;
    let filled = image.sections().iter().filter(|section| section.raw_size > 0);
    let end = filled
        .map(|section| section.raw_offset as usize)
        .chain([headers, image.file_size()])
        .min()
        .unwrap_or(0);
    let used = image.table_offset + image.sections().len() * size_of::<RawSection>();
    let room = end.saturating_sub(used) / size_of::<RawSection>();
    let room = room.min(MAX_SECTIONS as usize - image.sections().len());
    if needed > room { Err(UkiError::Room { room, needed }) } else { Ok(()) }
}

fn content_flag(name: &str) -> u32 {
    if name == LINUX { CONTAINS_CODE } else { CONTAINS_INITIALIZED_DATA }
}

fn short_name(name: &str) -> [u8; 8] {
    let mut short = [0; 8];
    for (to, from) in short.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    short
}

fn pad(out: &mut Vec<u8>, alignment: u32) {
    out.resize(out.len().next_multiple_of(alignment as usize), 0);
}
