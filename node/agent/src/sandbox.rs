//! What the agent gives up once it has started: it writes to its own directories and nowhere else, starts no program,
//! and has no system calls beyond those of a server. Whoever takes it over has no more than its own files and sockets.

use std::path::{Path, PathBuf};

use corten_sandbox::{SandboxError, keep_calls, keep_files};
use landlock::{
    ABI, AccessFs, CompatLevel, Compatible as _, PathBeneath, PathFd, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _,
};

use crate::root::Root;

/// Directories that the agent writes to.
const OWN: [&str; 4] =
    ["/var/lib/corten/agent", "/run/corten/agent", "/run/corten/settings", "/run/corten/api"];
/// The newest interface of Landlock whose rules are used: Linux 5.19 and later.
const RULES: ABI = ABI::V2;

/// Gives it up, for all threads there are and will be.
pub fn enter(root: &Root) -> Result<(), SandboxError> {
    files(root)?;
    keep_calls(SERVER.iter().map(|number| (*number, Vec::new())))
}

fn files(root: &Root) -> Result<(), SandboxError> {
    for path in OWN {
        // init has made them on a node; one that can't be made is one that can't be written to.
        let _ = std::fs::create_dir_all(root.path(path));
    }
    let write = AccessFs::from_write(RULES);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(write | AccessFs::Execute)?
        .create()?;
    for path in own(root) {
        // Sockets are made in one of them.
        if let Ok(folder) = PathFd::new(&path) {
            rules = rules.add_rule(PathBeneath::new(folder, write))?;
        }
    }
    keep_files(rules)
}

fn own(root: &Root) -> Vec<PathBuf> {
    OWN.iter().map(|path| root.path(path)).filter(|path: &PathBuf| Path::is_dir(path)).collect()
}

/// What a server with files, sockets and threads calls beside what a client does.
const SERVER: &[i64] = &[
    // Files. What may be written is for Landlock to say.
    libc::SYS_pwrite64,
    libc::SYS_lstat,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_getdents64,
    libc::SYS_readlink,
    libc::SYS_readlinkat,
    libc::SYS_access,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlink,
    libc::SYS_unlinkat,
    libc::SYS_rmdir,
    libc::SYS_mkdir,
    libc::SYS_mkdirat,
    libc::SYS_chmod,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_umask,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_flock,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_pipe2,
    libc::SYS_copy_file_range,
    libc::SYS_sendfile,
    libc::SYS_getcwd,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_rm_watch,
    // Sockets.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // Waiting.
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    // Memory and threads.
    libc::SYS_membarrier,
    libc::SYS_set_tid_address,
    // What it asks about itself and the machine.
    libc::SYS_sysinfo,
    libc::SYS_getrlimit,
    libc::SYS_prlimit64,
];
