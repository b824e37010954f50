//! FIFOs between a container and the node. containerd's shim opens them by their paths; both ends are held open here
//! too, so that nobody waits for the other one to open, and nobody sees an end that is none.
//!
//! ```text
//! process ──pipe──> shim (copies) ──FIFO──> this program
//! ```
//!
//! The shim also keeps both ends of each FIFO open. What it wrote while this program is not there stays in the FIFO, up
//! to the 64 KiB that one holds (pipe(7)); after that the container waits.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, mkfifoat};
use rustix::io::Errno;
use tokio::net::unix::pipe::{OpenOptions, Receiver, Sender};

use super::LogError;

/// Opens a FIFO to read from it, and makes it if there is none.
pub(super) fn reader(path: &Path) -> Result<Receiver, LogError> {
    opened(path, || OpenOptions::new().read_write(true).open_receiver(path))
}

/// Opens a FIFO to write to it, and makes it if there is none.
pub(super) fn writer(path: &Path) -> Result<Sender, LogError> {
    opened(path, || OpenOptions::new().read_write(true).open_sender(path))
}

fn opened<T>(path: &Path, open: impl FnOnce() -> io::Result<T>) -> Result<T, LogError> {
    let failed = |error| LogError::Fifo { path: PathBuf::from(path), error };
    make(path).and_then(|()| open()).map_err(failed)
}

fn make(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    match fs::symlink_metadata(path) {
        // One from before a restart of this program, with what was printed meanwhile.
        Ok(metadata) if metadata.file_type().is_fifo() => return Ok(()),
        Ok(_) => fs::remove_file(path)?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    Ok(mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?)
}

/// Reads what is in a FIFO at this moment, whatever the runtime knows of it: it hears of what was written only when it
/// looks for news the next time, which is too late for who is about to leave. 0 where nothing is there.
pub(super) fn read_now(receiver: &Receiver, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match rustix::io::read(receiver, &mut *buffer) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(0),
            read => return Ok(read?),
        }
    }
}

/// Removes a folder of FIFOs, and the one above it if that was its last. What stays is in nobody's way: it is memory
/// until the node restarts, and taken over by the next container of the name.
pub(super) fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
    if let Some(above) = folder.parent() {
        let _ = fs::remove_dir(above);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_fifo_is_made_for_root_alone_and_taken_over_with_what_is_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("web/nginx/stdout");
        let first = reader(&path).expect("it can be made");
        let metadata = fs::metadata(&path).expect("it is there");
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        // The shim's ends.
        let shim = fs::File::options().read(true).write(true).open(&path).expect("it opens");
        drop(first);
        io::Write::write_all(&mut &shim, b"meanwhile").expect("there is room");
        let second = reader(&path).expect("it is there");
        let mut buffer = [0; 64];
        assert_eq!(read_now(&second, &mut buffer).expect("it can be read"), 9);
        assert_eq!(&buffer[..9], b"meanwhile");
        assert_eq!(read_now(&second, &mut buffer).expect("it can be read"), 0);
        remove(path.parent().expect("a folder"));
        assert!(!folder.path().join("web").exists());
    }

    #[tokio::test]
    async fn what_is_no_fifo_is_replaced_and_what_can_not_be_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stdout");
        fs::write(&path, "a file").expect("it can be written");
        reader(&path).expect("it is a FIFO now");
        let error = reader(&path.join("deeper")).expect_err("a FIFO is no folder").to_string();
        assert!(error.contains("stdout/deeper: "), "{error}");
    }
}
