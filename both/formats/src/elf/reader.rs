//! Reading the program headers and the dynamic section.

use object::{
    Endianness, elf,
    elf::{Dyn64, FileHeader64, ProgramHeader64},
    read::elf::{Dyn, FileHeader, ProgramHeader},
};

use super::dlopen::{Dlopen, notes};

/// Most entries of a dynamic section; large programs have some hundred.
const MAX_ENTRIES: usize = 4096;
/// Longest name or search path.
const MAX_TEXT: usize = 4096;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElfKind {
    /// A program at a fixed address.
    Executable,
    /// A shared library, or a program at any address, which has an interpreter or is static-pie.
    SharedObject,
    /// An object file or a kernel module.
    Relocatable,
    /// A memory dump or something newer than this code; the number of the type.
    Other(u16),
}

/// Whether the dynamic loader has work with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linkage {
    /// It has an interpreter or needs libraries.
    Dynamic,
    /// It stands alone.
    Static,
}

/// What an ELF file needs when it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElfFile {
    /// Processor, as `e_machine`: 62 is x86-64, 183 is AArch64.
    pub machine: u16,
    /// Kind of file.
    pub kind: ElfKind,
    /// Path of the dynamic loader.
    pub interpreter: Option<String>,
    /// Libraries by soname, in order.
    pub needed: Vec<String>,
    /// The name that others need it by.
    pub soname: Option<String>,
    /// Folders of `DT_RPATH`, which count only where there is no `DT_RUNPATH`. `$ORIGIN` stands as written.
    pub rpath: Vec<String>,
    /// Folders of `DT_RUNPATH`.
    pub runpath: Vec<String>,
    /// Libraries that it may open by itself.
    pub dlopen: Vec<Dlopen>,
}

/// Why a file can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ElfError {
    /// It does not begin with the magic number.
    #[error("not an ELF file")]
    Magic,
    /// It is for a 32-bit processor.
    #[error("a 32-bit ELF file, expected a 64-bit one")]
    Class,
    /// Its headers contradict each other or its size.
    #[error("damaged ELF file: {0}")]
    Damaged(String),
}

/// Whether a file begins as ELF files do.
pub fn is_elf(file: &[u8]) -> bool {
    file.starts_with(&elf::ELFMAG)
}

fn damaged(what: impl Into<String>) -> ElfError {
    ElfError::Damaged(what.into())
}

impl From<object::Error> for ElfError {
    fn from(error: object::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl ElfFile {
    /// Reads the headers of a file.
    pub fn parse(file: &[u8]) -> Result<Self, ElfError> {
        if !is_elf(file) {
            return Err(ElfError::Magic);
        }
        if file.get(4) == Some(&elf::ELFCLASS32) {
            return Err(ElfError::Class);
        }
        let header = FileHeader64::<Endianness>::parse(file)?;
        let endian = header.endian()?;
        let segments = header.program_headers(endian, file)?;
        let mut found = Self {
            machine: header.e_machine(endian),
            kind: match header.e_type(endian) {
                elf::ET_EXEC => ElfKind::Executable,
                elf::ET_DYN => ElfKind::SharedObject,
                elf::ET_REL => ElfKind::Relocatable,
                other => ElfKind::Other(other),
            },
            interpreter: None,
            needed: Vec::new(),
            soname: None,
            rpath: Vec::new(),
            runpath: Vec::new(),
            dlopen: Vec::new(),
        };
        for segment in segments {
            if let Some(path) = segment.interpreter(endian, file)? {
                found.interpreter = Some(text(path)?);
            }
            if let Some(entries) = segment.dynamic(endian, file)? {
                found.read_dynamic(endian, file, segments, entries)?;
            }
            if segment.p_type(endian) == elf::PT_NOTE {
                let data = segment.data(endian, file).map_err(|()| damaged("notes lie outside the file"))?;
                found.dlopen.extend(notes(data, endian));
            }
        }
        Ok(found)
    }

    /// Whether the dynamic loader has work with it. A static-pie program has a dynamic section as well, but it
    /// names neither an interpreter nor libraries.
    pub fn linkage(&self) -> Linkage {
        if self.interpreter.is_some() || !self.needed.is_empty() { Linkage::Dynamic } else { Linkage::Static }
    }

    /// The folders that the file itself wants libraries to be searched in.
    pub fn search_path(&self) -> &[String] {
        if self.runpath.is_empty() { &self.rpath } else { &self.runpath }
    }

    fn read_dynamic(
        &mut self,
        endian: Endianness,
        file: &[u8],
        segments: &[ProgramHeader64<Endianness>],
        entries: &[Dyn64<Endianness>],
    ) -> Result<(), ElfError> {
        let entries = entries.iter().map(|entry| (entry.d_tag(endian), entry.d_val(endian)));
        let entries: Vec<(i64, u64)> = entries.take_while(|(tag, _)| *tag != elf::DT_NULL).collect();
        if entries.len() > MAX_ENTRIES {
            return Err(damaged(format!("the dynamic section has {} entries", entries.len())));
        }
        let value = |wanted| entries.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
        let (Some(address), Some(size)) = (value(elf::DT_STRTAB), value(elf::DT_STRSZ)) else {
            return Ok(());
        };
        let mut loaded = segments.iter().filter(|segment| segment.p_type(endian) == elf::PT_LOAD);
        let mapped = loaded.find_map(|segment| segment.data_range(endian, file, address, size).transpose());
        let Some(Ok(strings)) = mapped else {
            return Err(damaged("the string table of the dynamic section lies outside the file"));
        };
        let string = |at: u64| {
            let rest = usize::try_from(at).ok().and_then(|at| strings.get(at..));
            let rest = rest.ok_or_else(|| damaged("a name lies outside the string table"))?;
            text(rest.split(|b| *b == 0).next().unwrap_or_default())
        };
        let folders = |at| string(at).map(|path| path.split(':').map(str::to_owned).collect::<Vec<_>>());
        for (tag, value) in &entries {
            match *tag {
                elf::DT_NEEDED => self.needed.push(string(*value)?),
                elf::DT_SONAME => self.soname = Some(string(*value)?),
                elf::DT_RPATH => self.rpath = folders(*value)?,
                elf::DT_RUNPATH => self.runpath = folders(*value)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A name or path. None that a file system of ours holds is anything but UTF-8.
fn text(bytes: &[u8]) -> Result<String, ElfError> {
    let text = str::from_utf8(bytes).map_err(|_| damaged("a name is not UTF-8"))?;
    if text.len() > MAX_TEXT {
        return Err(damaged(format!("a name has {} bytes", text.len())));
    }
    Ok(text.to_owned())
}
