//! Starting programs, waiting for any of them to end, sending signals.
#![expect(unsafe_code, reason = "what happens between fork and exec needs pre_exec")]

use std::fs::File;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions};

pub use rustix::process::Signal;

use crate::Result;
use crate::error::{failed, io_failed};
use crate::privileges::{Prepared, Privileges};

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// Starts a program in a session of its own, with no blocked signals, in the cgroup of that directory if one is
/// given, with these privileges. Returns its process number; [`reap`] tells how it ended.
pub fn spawn(command: &mut Command, cgroup: Option<&Path>, privileges: &Privileges) -> Result<u32> {
    let name = command.get_program().to_string_lossy().into_owned();
    let procs = match cgroup {
        Some(directory) => {
            let path = directory.join("cgroup.procs");
            let open = File::options().write(true).open(&path);
            Some(open.map_err(io_failed("open", path.display().to_string()))?)
        }
        None => None,
    };
    let procs_fd: Option<RawFd> = procs.as_ref().map(AsRawFd::as_raw_fd);
    let prepared = Prepared::new(privileges);
    // SAFETY: between fork and exec only async-signal-safe calls are made: setsid, write, sigemptyset, sigprocmask,
    // and the system calls of `Prepared::apply`, which allocates nothing. The closure owns a plain number, whose
    // descriptor `procs` keeps open until after spawn, and the prepared values.
    unsafe { command.pre_exec(move || enter_session(procs_fd).and_then(|()| prepared.apply())) };
    let child = command.spawn().map_err(io_failed("execve", name))?;
    drop(procs);
    Ok(child.id())
}

fn enter_session(procs: Option<RawFd>) -> std::io::Result<()> {
    rustix::process::setsid()?;
    if let Some(procs) = procs {
        // SAFETY: the buffer is a constant of one byte and the descriptor is open in this process. "0" means the
        // writer itself.
        if unsafe { libc::write(procs, c"0".as_ptr().cast(), 1) } != 1 {
            return Err(std::io::Error::last_os_error());
        }
    }
    // SAFETY: sigset_t is plain data for which all zeros is valid, and both calls get pointers to it that are
    // valid for their duration.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        if libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) != 0 {
            return Err(std::io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Takes one ended child, if there is one. PID 1 gets orphans of others too.
pub fn reap() -> Result<Option<(u32, Exit)>> {
    match rustix::process::wait(WaitOptions::NOHANG) {
        Ok(None) | Err(Errno::CHILD | Errno::INTR) => Ok(None),
        Ok(Some((pid, status))) => {
            let exit = match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => return Ok(None),
            };
            Ok(Some((pid.as_raw_nonzero().get() as u32, exit)))
        }
        Err(errno) => Err(failed("wait4", "any child")(errno)),
    }
}

/// Sends a signal to one process. One that is gone already is no error.
pub fn kill(pid: u32, signal: Signal) -> Result<()> {
    let Some(target) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return Ok(()) };
    gone_is_fine(rustix::process::kill_process(target, signal), || format!("process {pid}"))
}

/// The signal with this number, 1 to 64. Those of real time, from 34 on, have no other name.
pub fn signal_of(number: i32) -> Option<Signal> {
    let of_real_time = |number: &i32| (34..=64).contains(number);
    // SAFETY: it is used to send a signal, for which each number that the kernel has is good. Numbers 32 and 33, which
    // the C library uses itself, are not made.
    let raw = |number| unsafe { Signal::from_raw_unchecked(number) };
    Signal::from_named_raw(number).or_else(|| Some(number).filter(of_real_time).map(raw))
}

/// Sends a signal to every process but PID 1, which must be the caller.
pub fn kill_all_others(signal: Signal) -> Result<()> {
    // kill(2) with -1 as the process means all of them; "the group of PID 1" is how rustix spells it.
    gone_is_fine(rustix::process::kill_process_group(Pid::INIT, signal), || "all processes".into())
}

fn gone_is_fine(result: rustix::io::Result<()>, subject: impl FnOnce() -> String) -> Result<()> {
    match result {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(errno) => Err(failed("kill", subject())(errno)),
    }
}

/// Lets this process run only when others leave the processor free.
pub fn yield_to_others() {
    // A failure leaves the priority as it is, which is only slower.
    let _ = rustix::process::nice(19);
}

/// Replaces this process. Returns only on failure.
pub fn exec(program: &str, arguments: &[&str]) -> crate::SysError {
    let error = Command::new(program).args(arguments).env_clear().exec();
    io_failed("execve", program)(error)
}
