//! Answers that wait for something beside the runtime: for the last words of a terminal.
//!
//! Each waits on a thread of its own, which wakes the one of the shim when it is there.

use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use super::Answer;
use crate::console::Copied;
use crate::process::Reply;

/// How long what was printed may take to be copied. A process that was left behind may have the terminal for ever, and a
/// client may read nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Answers that come late.
#[derive(Debug)]
pub(super) struct Late {
    sender: Sender<(Reply, Answer)>,
    receiver: Receiver<(Reply, Answer)>,
    wakes: UnixStream,
    woken: UnixStream,
}

impl Late {
    /// None yet.
    pub(super) fn new() -> io::Result<Self> {
        let (sender, receiver) = channel();
        let (wakes, woken) = UnixStream::pair()?;
        wakes.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        Ok(Self { sender, receiver, wakes, woken })
    }

    /// Answers once a copy is over, or at once where there is none.
    pub(super) fn answer(&self, reply: Reply, answer: Vec<u8>, copied: Option<Copied>) {
        let (sender, wakes) = (self.sender.clone(), self.wakes.try_clone());
        let (Some(copied), Ok(mut wakes)) = (copied.filter(|copied| !copied.within(Duration::ZERO)), wakes)
        else {
            let _ = sender.send((reply, Ok(answer)));
            return;
        };
        let late = sender.clone();
        let payload = answer.clone();
        let waits = move || {
            copied.within(PATIENCE);
            let _ = late.send((reply, Ok(payload)));
            // Where there is no room, the shim is woken already.
            let _ = wakes.write(&[0]);
        };
        if std::thread::Builder::new().name("late".into()).spawn(waits).is_err() {
            let _ = sender.send((reply, Ok(answer)));
        }
    }

    /// Those that are there.
    pub(super) fn answers(&self) -> Vec<(Reply, Answer)> {
        let mut bytes = [0; 64];
        while (&self.woken).read(&mut bytes).is_ok_and(|length| length == bytes.len()) {}
        self.receiver.try_iter().collect()
    }

    /// What can be read when there is one.
    pub(super) fn woken(&self) -> BorrowedFd<'_> {
        self.woken.as_fd()
    }
}
