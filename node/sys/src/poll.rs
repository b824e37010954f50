//! Waiting for one of several descriptors.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::Result;
use crate::error::failed;

/// Waits until one of the descriptors can be read, or hung up, or the time is over. The answer has one entry a
/// descriptor. A signal ends the wait early with nothing readable.
pub fn readable(descriptors: &[BorrowedFd<'_>], timeout_ms: Option<u64>) -> Result<Vec<bool>> {
    let mut fds: Vec<PollFd<'_>> = descriptors.iter().map(|fd| PollFd::new(fd, PollFlags::IN)).collect();
    match poll(&mut fds, timespec(timeout_ms).as_ref()) {
        Ok(_) => Ok(fds.iter().map(|fd| !fd.revents().is_empty()).collect()),
        Err(Errno::INTR) => Ok(vec![false; fds.len()]),
        Err(errno) => Err(failed("poll", format!("{} descriptors", descriptors.len()))(errno)),
    }
}

/// The same for descriptors that have names: returns the names of those that can be read.
pub fn ready<T: Copy>(watched: &[(T, BorrowedFd<'_>)], timeout_ms: Option<u64>) -> Result<Vec<T>> {
    let descriptors: Vec<_> = watched.iter().map(|(_, descriptor)| *descriptor).collect();
    let readable = readable(&descriptors, timeout_ms)?;
    Ok(watched.iter().zip(readable).filter(|(_, readable)| *readable).map(|((name, _), _)| *name).collect())
}

/// Waits until a descriptor can be written to, or the time is over. Says whether it can.
pub fn writable(descriptor: BorrowedFd<'_>, timeout_ms: u64) -> Result<bool> {
    let mut fds = [PollFd::new(&descriptor, PollFlags::OUT)];
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
