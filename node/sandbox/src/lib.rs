//! What programs of the node give up before they deal with the world: files, by Landlock, and system calls, by a filter.
//! Each program says what it keeps.

use std::collections::BTreeMap;

use landlock::{RulesetCreated, RulesetError, RulesetStatus};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

/// Why a program could not give up what it does not need.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// Landlock refused.
    #[error("landlock: {0}")]
    Landlock(#[from] RulesetError),
    /// The kernel does not have Landlock, or has it off.
    #[error("landlock: the kernel has none")]
    NoLandlock,
    /// The filter of system calls was refused.
    #[error("seccomp: {0}")]
    Seccomp(#[from] seccompiler::Error),
    /// There is no filter for this processor.
    #[error("seccomp: no filter for processors of this kind")]
    Processor,
}

/// Leaves this thread, and all that it starts, what the rules allow, as far as the kernel knows such rules.
///
/// # Errors
/// If the kernel refuses, or has no Landlock at all.
pub fn keep_files(rules: RulesetCreated) -> Result<(), SandboxError> {
    match rules.restrict_self()?.ruleset {
        RulesetStatus::NotEnforced => Err(SandboxError::NoLandlock),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

/// Leaves all threads that there are and will be the calls of a client and these, where one of their rules
/// holds or they have none. All others return `EPERM`.
///
/// # Errors
/// If there is no such filter for this processor, or the kernel refuses it.
pub fn keep_calls(more: impl IntoIterator<Item = (i64, Vec<SeccompRule>)>) -> Result<(), SandboxError> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| SandboxError::Processor)?;
    let rules: BTreeMap<i64, Vec<SeccompRule>> =
        CLIENT.iter().map(|number| (*number, Vec::new())).chain(more).collect();
    // An error instead of the end: what was forgotten shows in the log of a node that goes on.
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let filter =
        SeccompFilter::new(rules, refused, SeccompAction::Allow, arch).map_err(seccompiler::Error::from)?;
    let program: BpfProgram = filter.try_into().map_err(seccompiler::Error::from)?;
    Ok(apply_filter_all_threads(&program)?)
}

/// What a client with threads calls that makes no socket. No program can be started, no other process touched, nothing
/// mounted, and nothing of the kernel changed.
const CLIENT: &[i64] = &[
    // Files. What may be opened is for Landlock to say.
    libc::SYS_openat,
    libc::SYS_open,
    libc::SYS_close,
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_lseek,
    libc::SYS_fstat,
    libc::SYS_stat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fcntl,
    libc::SYS_ioctl,
    // Connections. Which sockets can be made is for each program to say.
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_shutdown,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_sendto,
    libc::SYS_recvfrom,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    // Waiting.
    libc::SYS_poll,
    libc::SYS_ppoll,
    libc::SYS_futex,
    libc::SYS_nanosleep,
    libc::SYS_clock_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_restart_syscall,
    // Memory and threads.
    libc::SYS_brk,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_sched_getaffinity,
    libc::SYS_prctl,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Signals, to itself alone as far as the user or Landlock allow.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    // What it asks about itself and the machine.
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_time,
    libc::SYS_uname,
];
