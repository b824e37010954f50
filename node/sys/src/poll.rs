//! Waiting for one of several descriptors.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::Result;
use crate::error::failed;

/// Waits until one of the descriptors can be read, or hung up, or the time is over. Returns the names of those. A signal
/// ends the wait early with nothing readable.
pub fn ready<T: Copy>(watched: &[(T, BorrowedFd<'_>)], timeout_ms: Option<u64>) -> Result<Vec<T>> {
    let mut fds: Vec<PollFd<'_>> = watched.iter().map(|(_, fd)| PollFd::new(fd, PollFlags::IN)).collect();
    match poll(&mut fds, timespec(timeout_ms).as_ref()) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(failed("poll", format!("{} descriptors", watched.len()))(errno)),
    }
    let ready = watched.iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty());
    Ok(ready.map(|((name, _), _)| *name).collect())
}

/// Waits until a descriptor can be read, or hung up, or the time is over. Says whether it can.
pub fn readable(descriptor: BorrowedFd<'_>, timeout_ms: u64) -> Result<bool> {
    one(descriptor, PollFlags::IN, timeout_ms)
}

/// Waits until a descriptor can be written to, or the time is over. Says whether it can.
pub fn writable(descriptor: BorrowedFd<'_>, timeout_ms: u64) -> Result<bool> {
    one(descriptor, PollFlags::OUT, timeout_ms)
}

fn one(descriptor: BorrowedFd<'_>, flags: PollFlags, timeout_ms: u64) -> Result<bool> {
    let mut fds = [PollFd::new(&descriptor, flags)];
    match poll(&mut fds, timespec(Some(timeout_ms)).as_ref()) {
        Ok(count) => Ok(count > 0),
        Err(Errno::INTR) => Ok(false),
        Err(errno) => Err(failed("poll", "one descriptor")(errno)),
    }
}

fn timespec(timeout_ms: Option<u64>) -> Option<Timespec> {
    timeout_ms.map(|ms| Timespec {
        tv_sec: i64::try_from(ms / 1000).unwrap_or(i64::MAX),
        tv_nsec: (ms % 1000) as i64 * 1_000_000,
    })
}
