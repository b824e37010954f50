//! Terminals: the runtime makes one and sends its other side over a socket; what goes through it is copied from and to
//! the pipes of containerd's client.

use std::fs::{self, File};
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::stdio::{Places, end, hold};
use crate::wire::Fault;

/// A socket at which a runtime leaves a terminal. Its file goes with it.
#[derive(Debug)]
pub struct Desk {
    listener: UnixListener,
    path: PathBuf,
}

impl Desk {
    /// A new one, in a folder that only root enters: the path of a socket may have 107 bytes, which that of a bundle can
    /// exceed.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn open(folder: &Path, name: &str) -> Result<Self, Fault> {
        let path = folder.join(name);
        let _ = fs::remove_file(&path);
        let open = || -> std::io::Result<UnixListener> {
            let listener = UnixListener::bind(&path)?;
            listener.set_nonblocking(true)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            Ok(listener)
        };
        let listener = open().map_err(Fault::at(&path))?;
        Ok(Self { listener, path })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the terminal that a runtime left, once that has ended.
    ///
    /// # Errors
    /// If it left none.
    pub fn take(self) -> Result<OwnedFd, Fault> {
        let (stream, _) =
            self.listener.accept().map_err(|_| Fault::unknown("the runtime sent no terminal"))?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let mut name = [0; 256];
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        recvmsg(&stream, &mut [IoSliceMut::new(&mut name)], &mut ancillary, flags).map_err(Fault::unknown)?;
        let sent = ancillary.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut all) => all.next(),
            _ => None,
        });
        sent.ok_or_else(|| Fault::unknown("the runtime sent no terminal"))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A terminal of a process.
#[derive(Debug)]
pub struct Terminal(File);

impl Terminal {
    /// Copies from and to the pipes of a client until the terminal is closed, which it is when nobody has it any more.
    ///
    /// # Errors
    /// If the pipes can't be opened.
    pub fn connect(side: OwnedFd, places: &Places) -> Result<Self, Fault> {
        let side = File::from(side);
        let copy = || side.try_clone().map_err(Fault::unknown);
        if !places.input.is_empty() {
            let path = Path::new(&places.input);
            let held = hold(path)?;
            let (from, to) = (end(path, OFlags::RDONLY)?, copy()?);
            // From here on the input ends when the client lets it go.
            drop(held);
            copying("input", from, to, None)?;
        }
        if !places.output.is_empty() {
            let path = Path::new(&places.output);
            let held = hold(path)?;
            let (from, to) = (copy()?, end(path, OFlags::WRONLY)?);
            copying("output", from, to, Some(held))?;
        }
        Ok(Self(side))
    }

    /// Gives it a size.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn resize(&self, columns: u32, rows: u32) -> Result<(), Fault> {
        let of = |size: u32| u16::try_from(size).unwrap_or(u16::MAX);
        let size = Winsize { ws_col: of(columns), ws_row: of(rows), ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.0, size).map_err(Fault::unknown)
    }
}

/// Copies on a thread of its own, and holds something open for as long.
fn copying(name: &str, from: File, to: File, held: Option<OwnedFd>) -> Result<(), Fault> {
    let copies = move || {
        pump(from, to);
        drop(held);
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(copies).map(drop).map_err(Fault::unknown)
}

/// Copies until one side ends.
fn pump(mut from: impl Read, mut to: impl Write) {
    let mut bytes = [0; 4096];
    loop {
        match from.read(&mut bytes) {
            // A terminal that nobody has any more reads as an error.
            Ok(0) | Err(_) => return,
            Ok(length) => {
                if to.write_all(bytes.get(..length).unwrap_or_default()).is_err() {
                    return;
                }
            }
        }
    }
}
