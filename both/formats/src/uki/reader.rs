//! Reads a PE program: its sections and what in them belongs to the file.

use std::mem::offset_of;
use std::ops::Range;

use zerocopy::FromBytes;

use super::format::{
    DIRECTORIES, DIRECTORY_SECURITY, DOS_MAGIC, DOS_PE_OFFSET, MAX_SECTIONS, PE_MAGIC, PE32_PLUS,
    RawDirectory, RawFile, RawOptional, RawSection,
};

/// A PE program for a 64-bit machine, its headers read and found to agree with its size.
#[derive(Clone)]
pub struct PeImage<'a> {
    bytes: &'a [u8],
    pub(super) file: RawFile,
    pub(super) optional: RawOptional,
    /// Offset of the PE header.
    pub(super) pe_offset: usize,
    /// Offset of the section table.
    pub(super) table_offset: usize,
    certificates: Option<(u32, u32)>,
    sections: Vec<Section>,
}

/// A section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name, `.osrel` for example.
    pub name: String,
    /// Where it lies in memory, from the start of the program.
    pub virtual_address: u32,
    /// Its bytes in memory.
    pub virtual_size: u32,
    /// Where it lies in the file.
    pub raw_offset: u32,
    /// Its bytes in the file, padding included.
    pub raw_size: u32,
    /// What it holds and how it may be used, as flags.
    pub characteristics: u32,
}

/// Why bytes are not a PE program that we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeError {
    /// Something is missing at the end, or an offset is wrong.
    #[error("{what} is beyond the end of the file at byte {len}")]
    Truncated {
        /// What should be there.
        what: &'static str,
        /// Bytes of the file.
        len: usize,
    },
    /// No PE program.
    #[error("not a PE program: the signature is missing")]
    Signature,
    /// A program for 32-bit machines, or none.
    #[error("optional header has magic {0:#x}: expected 0x20b, a program for a 64-bit machine")]
    Magic(u16),
    /// More than loaders take.
    #[error("program has {0} sections: {MAX_SECTIONS} at most")]
    Sections(u16),
    /// Alignment or directories have values that the format does not allow.
    #[error("program has {what} of {value}, which the format does not allow")]
    Value {
        /// The field.
        what: &'static str,
        /// Its value.
        value: u32,
    },
}

impl<'a> PeImage<'a> {
    /// Reads the headers of a program.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PeError> {
        if !bytes.starts_with(DOS_MAGIC) {
            return Err(PeError::Signature);
        }
        let pe_offset = bytes.get(DOS_PE_OFFSET..DOS_PE_OFFSET + 4).and_then(|raw| raw.try_into().ok());
        let pe_offset = pe_offset.map(u32::from_le_bytes).ok_or(PeError::Signature)? as usize;
        let file: RawFile = at(bytes, pe_offset, "the PE header")?;
        if file.magic != PE_MAGIC {
            return Err(PeError::Signature);
        }
        let count = file.sections.get();
        if count > MAX_SECTIONS {
            return Err(PeError::Sections(count));
        }
        let optional_offset = pe_offset + size_of::<RawFile>();
        let optional: RawOptional = at(bytes, optional_offset, "the optional header")?;
        if optional.magic.get() != PE32_PLUS {
            return Err(PeError::Magic(optional.magic.get()));
        }
        let table_offset = optional_offset + file.optional_size.get() as usize;
        let directories = optional.directories.get();
        let fits =
            size_of::<RawOptional>() + directories.min(DIRECTORIES) as usize * size_of::<RawDirectory>();
        if directories > DIRECTORIES || fits > file.optional_size.get() as usize {
            return Err(PeError::Value { what: "a number of data directories", value: directories });
        }
        for (what, alignment) in [
            ("a section alignment", &optional.section_alignment),
            ("a file alignment", &optional.file_alignment),
        ] {
            if !alignment.get().is_power_of_two() || alignment.get() > 1 << 24 {
                return Err(PeError::Value { what, value: alignment.get() });
            }
        }
        let mut certificates = None;
        if directories as usize > DIRECTORY_SECURITY {
            let offset =
                optional_offset + size_of::<RawOptional>() + DIRECTORY_SECURITY * size_of::<RawDirectory>();
            let directory: RawDirectory = at(bytes, offset, "the data directories")?;
            let (address, size) = (directory.address.get(), directory.size.get());
            certificates = (address != 0).then_some((address, size));
            slice(bytes, address, size, "the certificate table")?;
        }
        let sections = (0..count as usize).map(|n| {
            let raw: RawSection = at(bytes, table_offset + n * size_of::<RawSection>(), "the section table")?;
            slice(bytes, raw.raw_offset.get(), raw.raw_size.get(), "a section")?;
            Ok(Section::from(&raw))
        });
        let sections = sections.collect::<Result<_, _>>()?;
        Ok(Self { bytes, file, optional, pe_offset, table_offset, certificates, sections })
    }

    /// The sections in the order of their table.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Content of the first section of that name, without the padding behind it.
    pub fn section(&self, name: &str) -> Option<&'a [u8]> {
        self.sections.iter().find(|section| section.name == name).map(|section| self.content(section))
    }

    /// Content of a section, without the padding behind it.
    pub fn content(&self, section: &Section) -> &'a [u8] {
        let len = section.raw_size.min(section.virtual_size);
        slice(self.bytes, section.raw_offset, len, "a section").unwrap_or_default()
    }

    /// Processor that the program is for: 0x8664 is x86-64, 0xaa64 is 64-bit ARM.
    pub fn machine(&self) -> u16 {
        self.file.machine.get()
    }

    /// `DllCharacteristics` of the optional header.
    pub fn dll_characteristics(&self) -> u16 {
        self.optional.dll_characteristics.get()
    }

    /// Memory that the program takes, in bytes.
    pub fn size_of_image(&self) -> u32 {
        self.optional.size_of_image.get()
    }

    /// Bytes from the start of the file that are headers.
    pub fn size_of_headers(&self) -> u32 {
        self.optional.size_of_headers.get()
    }

    /// Bytes of the file.
    pub fn file_size(&self) -> usize {
        self.bytes.len()
    }

    /// Offset of the checksum in the optional header: four bytes.
    pub fn checksum_offset(&self) -> usize {
        self.optional_offset() + offset_of!(RawOptional, checksum)
    }

    /// Offset of the entry that says where the certificate table is: offset and size, four bytes each. `None` where
    /// the headers have no room for it, so that the program can't be signed.
    pub fn certificate_entry_offset(&self) -> Option<usize> {
        let directories = self.optional_offset() + size_of::<RawOptional>();
        let there = self.optional.directories.get() as usize > DIRECTORY_SECURITY;
        there.then_some(directories + DIRECTORY_SECURITY * size_of::<RawDirectory>())
    }

    /// Where the certificate table lies in the file; `None` when the program is not signed.
    pub fn certificates_range(&self) -> Option<Range<usize>> {
        self.certificates
            .map(|(offset, size)| offset as usize..(offset as usize).saturating_add(size as usize))
    }

    fn optional_offset(&self) -> usize {
        self.pe_offset + size_of::<RawFile>()
    }

    /// The certificate table, as it lies in the file; `None` when the program is not signed.
    pub fn certificates(&self) -> Option<&'a [u8]> {
        let (offset, size) = self.certificates?;
        slice(self.bytes, offset, size, "the certificate table").ok()
    }
}

impl From<&RawSection> for Section {
    fn from(raw: &RawSection) -> Self {
        let name = raw.name.split(|byte| *byte == 0).next().unwrap_or_default();
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            virtual_address: raw.virtual_address.get(),
            virtual_size: raw.virtual_size.get(),
            raw_offset: raw.raw_offset.get(),
            raw_size: raw.raw_size.get(),
            characteristics: raw.characteristics.get(),
        }
    }
}

fn at<T: FromBytes>(bytes: &[u8], offset: usize, what: &'static str) -> Result<T, PeError> {
    let raw = bytes.get(offset..).and_then(|bytes| T::read_from_prefix(bytes).ok());
    raw.map(|(value, _)| value).ok_or(PeError::Truncated { what, len: bytes.len() })
}

fn slice<'a>(bytes: &'a [u8], offset: u32, len: u32, what: &'static str) -> Result<&'a [u8], PeError> {
    let (offset, len) = (offset as usize, len as usize);
    bytes
        .get(offset..)
        .and_then(|bytes| bytes.get(..len))
        .ok_or(PeError::Truncated { what, len: bytes.len() })
}
