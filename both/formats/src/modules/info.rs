//! The `.modinfo` section of a module: what it needs, what it is good for, and for which kernel it was built.

use object::{
    Endianness,
    elf::FileHeader64,
    read::elf::{FileHeader, SectionHeader},
};

use super::name::canonical;

/// Largest section that is read. The largest of the Debian kernel has some 60 KiB.
const MAX_SECTION: u64 = 4 * 1024 * 1024;
/// Longest alias pattern; the kernel's buffer for one uevent has 2 KiB.
pub(super) const MAX_ALIAS: usize = 4096;

/// What a module says of itself. Names are canonical.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModInfo {
    /// Name, as in the kernel. Empty where the module does not tell it.
    pub name: String,
    /// Modules whose symbols it uses; they must be loaded before.
    pub depends: Vec<String>,
    /// Modules or aliases that are to be tried before.
    pub soft_before: Vec<String>,
    /// Modules or aliases that are to be tried after.
    pub soft_after: Vec<String>,
    /// Patterns of what it serves, as written.
    pub aliases: Vec<String>,
    /// Firmware files, relative to `/usr/lib/firmware`.
    pub firmware: Vec<String>,
    /// Kernel release and options that it was built for.
    pub version_magic: String,
}

/// Why a file can't be read as a kernel module.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModInfoError {
    /// Not ELF, or not 64-bit.
    #[error("not a 64-bit ELF file: {0}")]
    Elf(String),
    /// ELF, but no module.
    #[error("the file has no .modinfo section, so it is not a kernel module")]
    NoModInfo,
    /// The section is unreasonably large.
    #[error(".modinfo has {0} bytes, expected {MAX_SECTION} at most")]
    TooLarge(u64),
}

impl ModInfo {
    /// Reads it from a module file, which must not be compressed.
    pub fn of_module(file: &[u8]) -> Result<Self, ModInfoError> {
        let wrong = |error: object::Error| ModInfoError::Elf(error.to_string());
        let header = FileHeader64::<Endianness>::parse(file).map_err(wrong)?;
        let endian = header.endian().map_err(wrong)?;
        let sections = header.sections(endian, file).map_err(wrong)?;
        let (_, section) = sections.section_by_name(endian, b".modinfo").ok_or(ModInfoError::NoModInfo)?;
        if section.sh_size(endian) > MAX_SECTION {
            return Err(ModInfoError::TooLarge(section.sh_size(endian)));
        }
        Ok(Self::parse(section.data(endian, file).map_err(wrong)?))
    }

    /// Reads the content of the section: `key=value` records, each ended by a zero byte.
    pub fn parse(section: &[u8]) -> Self {
        let mut info = Self::default();
        for record in section.split(|b| *b == 0) {
            let record = String::from_utf8_lossy(record);
            if let Some((key, value)) = record.split_once('=') {
                info.add(key, value);
            }
        }
        info
    }

    /// Takes one record. Unknown keys (licence, author, parameters) are not needed here.
    pub(super) fn add(&mut self, key: &str, value: &str) {
        match key {
            "name" => self.name = canonical(value),
            "depends" => self.depends.extend(value.split(',').filter(|name| !name.is_empty()).map(canonical)),
            "softdep" => self.add_soft(value),
            "alias" if value.len() <= MAX_ALIAS => self.aliases.push(value.into()),
            "firmware" => self.firmware.push(value.into()),
            "vermagic" => self.version_magic = value.into(),
            _ => {}
        }
    }

    /// `pre: a b post: c`. Names before the first of the two words count for nothing, as in kmod.
    fn add_soft(&mut self, value: &str) {
        let mut into = None;
        for word in value.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
            match (word, into.as_deref_mut()) {
                ("pre:", _) => into = Some(&mut self.soft_before),
                ("post:", _) => into = Some(&mut self.soft_after),
                (_, Some(list)) => list.push(canonical(word)),
                (_, None) => {}
            }
        }
    }
}
