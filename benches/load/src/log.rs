//! What stands in for the kernel's log: a pipe, which wakes its reader as the device does, or a file.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

/// A log that lines can be added to.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    next: u64,
    /// Behind each line.
    padding: String,
}

impl Log {
    /// A pipe. What is written before somebody reads it waits in the kernel.
    pub fn pipe(path: &Path) -> io::Result<Self> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // Open for both, so that it does not wait for a reader, and has one.
        let flags = OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
        Ok(Self { path: path.into(), file, next: 0, padding: String::new() })
    }

    /// A file.
    pub fn file(path: &Path) -> io::Result<Self> {
        let file = File::options().create_new(true).append(true).open(path)?;
        Ok(Self { path: path.into(), file, next: 0, padding: String::new() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same with lines that are longer by so many bytes.
    #[must_use]
    pub fn padded(self, bytes: usize) -> Self {
        Self { padding: ".".repeat(bytes), ..self }
    }

    /// Adds lines of a service, each with its number, from the one after the last.
    pub fn write(&mut self, service: &str, lines: u64) -> io::Result<()> {
        let mut text = String::new();
        for number in self.next..self.next + lines {
            // Facility 1, level 6, a millisecond after the one before.
            let (us, padding) = (number * 1000, &self.padding);
            let _ = writeln!(
                text,
                "14,{number},{us},-;{service}: line {number} of what a service prints{padding}"
            );
        }
        self.next += lines;
        Write::write_all(&mut self.file, text.as_bytes())
    }
}
