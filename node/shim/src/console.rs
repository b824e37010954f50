//! Terminals: the runtime makes one and sends its other side over a socket; what goes through it is copied from and to
//! the pipes of containerd's client.

use std::fs::{self, File};
use std::io::{IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::stdio::{Held, Places, end, hold};
use crate::wire::Fault;

/// Callers of a socket for a terminal of whom one is to be the runtime. Others are those who look whether anybody listens.
const MOST_CALLERS: usize = 64;

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
        for _ in 0..MOST_CALLERS {
            let Ok((stream, _)) = self.listener.accept() else { break };
            if let Some(sent) = sent(&stream) {
                return Ok(sent);
            }
        }
        Err(Fault::unknown("the runtime sent no terminal"))
    }
}

/// The descriptor that a connection brought.
fn sent(stream: &UnixStream) -> Option<OwnedFd> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut name = [0; 256];
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    recvmsg(stream, &mut [IoSliceMut::new(&mut name)], &mut ancillary, flags).ok()?;
    ancillary.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut all) => all.next(),
        _ => None,
    })
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The end of a copy, which is heard of when its thread lets go of the other side.
#[derive(Debug)]
pub struct Copied(Receiver<()>);

impl Copied {
    /// Waits for it, not longer than this. Returns whether it is over.
    pub fn within(&self, patience: Duration) -> bool {
        self.0.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected)
    }
}

/// A terminal of a process.
#[derive(Debug)]
pub struct Terminal(File);

impl Terminal {
    /// Copies from and to the pipes of a client until the terminal is closed, which it is when nobody has it any more.
    /// What is held keeps the pipe of the output open. When it is let go, a copy to a client that is gone ends too.
    ///
    /// # Errors
    /// If the pipes can't be opened.
    pub fn connect(side: OwnedFd, places: &Places) -> Result<(Self, Held, Option<Copied>), Fault> {
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
        if places.output.is_empty() {
            return Ok((Self(side), Held::default(), None));
        }
        let path = Path::new(&places.output);
        let held = hold(path)?;
        let (from, to) = (copy()?, end(path, OFlags::WRONLY)?);
        let (over, copied) = channel();
        copying("output", from, to, Some(over))?;
        Ok((Self(side), Held::of_output(Some(held)), Some(Copied(copied))))
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

/// Copies on a thread of its own, and lets go of a channel when it is done.
fn copying(name: &str, from: File, to: File, over: Option<Sender<()>>) -> Result<(), Fault> {
    let copies = move || {
        pump(from, to);
        drop(over);
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

#[cfg(test)]
mod tests {
    use std::io::IoSlice;
    use std::os::fd::AsFd as _;

    use rustix::fs::{CWD, Mode, mkfifoat};
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// More than any wait of a test takes.
    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn who_only_looks_does_not_keep_a_terminal_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let desk = Desk::open(folder.path(), "desk").expect("a socket");
        drop(UnixStream::connect(desk.path()).expect("it listens"));
        let runtime = UnixStream::connect(desk.path()).expect("it listens");
        let file = tempfile::tempfile().expect("a file");
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        let descriptors = [file.as_fd()];
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
        sendmsg(&runtime, &[IoSlice::new(b"name")], &mut ancillary, SendFlags::empty()).expect("it is sent");
        drop(runtime);
        desk.take().expect("it is there");

        let desk = Desk::open(folder.path(), "desk").expect("a socket");
        drop(UnixStream::connect(desk.path()).expect("it listens"));
        assert_eq!(desk.take().expect_err("nobody sent one").message, "the runtime sent no terminal");
    }

    /// Both sides of a terminal, and a pipe for what it prints.
    fn terminal(folder: &Path) -> (OwnedFd, File, Places) {
        let side = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&side).and_then(|()| unlockpt(&side)).expect("ours");
        let name = ptsname(&side, Vec::new()).expect("a name").into_string().expect("a path");
        let program = File::options().read(true).write(true).open(name).expect("it opens");
        let output = folder.join("out");
        mkfifoat(CWD, &output, Mode::RUSR | Mode::WUSR).expect("a pipe");
        let places = Places { output: output.display().to_string(), terminal: true, ..Places::default() };
        (side, program, places)
    }

    #[test]
    fn all_of_it_has_come_when_its_copy_is_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let (side, mut program, places) = terminal(folder.path());
        let (terminal, held, copied) = Terminal::connect(side, &places).expect("it is connected");
        let copied = copied.expect("it has output");
        let mut client = end(Path::new(&places.output), OFlags::RDONLY).expect("it opens");
        program.write_all(b"the last words").expect("it takes it");
        assert!(!copied.within(Duration::from_millis(10)), "somebody has the terminal");
        drop((program, terminal, held));
        assert!(copied.within(LONG));
        let mut words = String::new();
        client.read_to_string(&mut words).expect("it ends");
        assert_eq!(words, "the last words");
    }

    #[test]
    fn a_client_that_is_gone_keeps_no_copy_waiting() {
        let folder = tempfile::tempdir().expect("a folder");
        let (side, mut program, places) = terminal(folder.path());
        // The pipe is full, and nobody reads it.
        let full = hold(Path::new(&places.output)).expect("it opens");
        let mut full = File::from(full);
        while full.write(&[0; 4096]).is_ok() {}
        let (terminal, held, copied) = Terminal::connect(side, &places).expect("it is connected");
        let copied = copied.expect("it has output");
        program.write_all(b"words").expect("it takes it");
        drop((full, program, terminal));
        assert!(!copied.within(Duration::from_millis(50)), "it waits for room");
        drop(held);
        assert!(copied.within(LONG));
    }
}
