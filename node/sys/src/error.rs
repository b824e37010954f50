//! The one error of system calls: which call, on what, and what the kernel answered.

use rustix::io::Errno;

/// A system call that failed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call} {subject}: {errno}")]
pub struct SysError {
    /// Name of the call as in the manual, with the command where it has many: `mount`, `ioctl DM_DEV_CREATE`.
    pub call: &'static str,
    /// What it worked on: a path, a name, a process number.
    pub subject: String,
    /// The kernel's answer.
    pub errno: Errno,
}

/// Result of a system call.
pub type Result<T> = std::result::Result<T, SysError>;

/// Turns an error number into a [`SysError`], for `map_err`.
pub(crate) fn failed(call: &'static str, subject: impl Into<String>) -> impl FnOnce(Errno) -> SysError {
    move |errno| SysError { call, subject: subject.into(), errno }
}

/// The same for errors of the standard library, which carry an error number if they come from the kernel.
pub(crate) fn io_failed(
    call: &'static str,
    subject: impl Into<String>,
) -> impl FnOnce(std::io::Error) -> SysError {
    move |error| {
        let errno = Errno::from_io_error(&error).unwrap_or(Errno::IO);
        SysError { call, subject: subject.into(), errno }
    }
}
