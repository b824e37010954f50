//! An ELF file's needs as text, for people and for snapshots.

use std::fmt::{self, Display};

use super::reader::ElfFile;

impl Display for ElfFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} for machine {}, {:?}", self.kind, self.machine, self.linkage())?;
        for (what, value) in [("interpreter", &self.interpreter), ("soname", &self.soname)] {
            if let Some(value) = value {
                writeln!(f, "{what} {value}")?;
            }
        }
        for (what, values) in [("needs", &self.needed), ("rpath", &self.rpath), ("runpath", &self.runpath)] {
            for value in values {
                writeln!(f, "{what} {value}")?;
            }
        }
        for note in &self.dlopen {
            writeln!(f, "may open {} for {:?}, {:?}", note.soname.join(" or "), note.feature, note.priority)?;
        }
        Ok(())
    }
}
