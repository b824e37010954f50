//! A stream whose bytes are kept in a file as they are read.
//!
//! QEMU could write the console's log itself, but writes a byte twice whenever we are slower to read than the guest
//! is to write.

use std::fs::File;
use std::io::{self, Read, Write as _};

/// A stream and the file that gets its bytes.
pub struct Kept<R> {
    from: R,
    file: File,
}

impl<R: Read> Kept<R> {
    /// Keeps the bytes of `from` in `file`.
    pub fn new(from: R, file: File) -> Self {
        Self { from, file }
    }
}

impl<R: Read> Read for Kept<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        // A full disk takes the log from a person and not the machine: its console is shown all the same.
        let _ = self.file.write_all(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_kept() {
        let path = tempfile::NamedTempFile::new().expect("temporary file");
        let stream = &b"\x1b[2Jno line\xff"[..];
        let mut kept = Kept::new(stream, path.reopen().expect("it opens"));
        let mut read = Vec::new();
        kept.read_to_end(&mut read).expect("it reads");
        assert_eq!(read, stream);
        assert_eq!(std::fs::read(path.path()).expect("it is there"), stream);
    }

    #[test]
    fn a_log_that_can_not_be_written_does_not_end_the_stream() {
        let full = File::options().write(true).open("/dev/full").expect("Linux has it");
        let mut read = String::new();
        Kept::new(&b"line\n"[..], full).read_to_string(&mut read).expect("it reads");
        assert_eq!(read, "line\n");
    }
}
