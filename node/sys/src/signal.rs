//! Signals as something to read: blocked for the whole process and taken from a signalfd.
#![expect(unsafe_code, reason = "rustix has no stable signal mask and no signalfd")]

use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::io::Errno;
pub use rustix::process::Signal;

use crate::Result;
use crate::error::failed;

/// A queue of signals that arrived.
#[derive(Debug)]
pub struct Signals {
    descriptor: OwnedFd,
}

impl Signals {
    /// Blocks these signals and queues them from now on. To be called before other threads start, since they
    /// inherit the mask. Children get an empty mask from [`crate::process::spawn`].
    pub fn new(signals: &[Signal]) -> Result<Self> {
        let errno = || Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO);
        // SAFETY: sigset_t is plain data for which all zeros is a valid value; sigemptyset initialises it.
        let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
        // SAFETY: `set` is a valid sigset_t that lives for the call.
        unsafe { libc::sigemptyset(&raw mut set) };
        for signal in signals {
            // SAFETY: as above; an invalid signal number makes the call fail, nothing else.
            unsafe { libc::sigaddset(&raw mut set, signal.as_raw()) };
        }
        // SAFETY: `set` is initialised and outlives the call; the old mask is not asked for.
        if unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } != 0 {
            return Err(failed("pthread_sigmask", "SIG_BLOCK")(errno()));
        }
        // SAFETY: `set` is initialised; -1 asks for a new descriptor.
        let raw = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_NONBLOCK | libc::SFD_CLOEXEC) };
        if raw < 0 {
            return Err(failed("signalfd", format!("{} signals", signals.len()))(errno()));
        }
        // SAFETY: the kernel just gave us this descriptor and nobody else owns it.
        Ok(Self { descriptor: unsafe { OwnedFd::from_raw_fd(raw) } })
    }

    /// Number of the next signal that arrived; `None` when there is none left.
    pub fn next(&self) -> Result<Option<i32>> {
        // struct signalfd_siginfo: 128 bytes, the first four are the signal's number.
        let mut info = [0u8; 128];
        match rustix::io::read(&self.descriptor, &mut info) {
            Ok(128) => Ok(Some(i32::from_ne_bytes([info[0], info[1], info[2], info[3]]))),
            Ok(_) | Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(errno) => Err(failed("read", "signalfd")(errno)),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_to_this_process_is_read_once() {
        let signals = Signals::new(&[Signal::USR1]).expect("signalfd works");
        assert_eq!(signals.next(), Ok(None));
        // SAFETY: raise only sends a signal, and SIGUSR1 is blocked for this thread.
        unsafe { libc::raise(libc::SIGUSR1) };
        assert_eq!(signals.next(), Ok(Some(libc::SIGUSR1)));
        assert_eq!(signals.next(), Ok(None));
    }
}
