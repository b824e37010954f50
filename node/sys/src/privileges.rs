//! What a program may do: whom it runs as, its capabilities, its limits. Set between fork and exec.
//!
//! The kernel's rules stand in capabilities(7), credentials(7), setrlimit(2).

use std::fs::File;
use std::io::{self, Write as _};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit, umask};
use rustix::thread::{
    CapabilitySet, CapabilitySets, Gid, Uid, configure_capability_in_ambient_set,
    remove_capability_from_bounding_set, set_capabilities, set_keep_capabilities, set_no_new_privs,
    set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

/// A user with its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// User number.
    pub uid: u32,
    /// Number of its group.
    pub gid: u32,
    /// Numbers of further groups.
    pub groups: Vec<u32>,
}

/// Whether a program may gain rights by executing another one, a setuid program for example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Gains {
    /// It may not, and nor may any program that it starts.
    None,
    /// As the executed file says.
    #[default]
    ByFile,
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOf {
    /// Size of a core dump, bytes.
    Core,
    /// Size of a file, bytes.
    FileSize,
    /// Memory that is locked, bytes.
    LockedMemory,
    /// Number of the largest descriptor, and one.
    Descriptors,
    /// Processes of its user.
    Processes,
    /// Size of the stack, bytes.
    Stack,
}

/// A limit; `None` is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What it is about.
    pub of: LimitOf,
    /// What holds now.
    pub soft: Option<u64>,
    /// How far the program may raise it.
    pub hard: Option<u64>,
}

/// What a program may do. The default changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    /// Whom it runs as; `None` for the same as the caller.
    pub user: Option<User>,
    /// The capabilities that it keeps, one bit each, in its bounding set too; `None` for all.
    pub capabilities: Option<u64>,
    /// Whether it may gain rights.
    pub gains: Gains,
    /// Limits.
    pub limits: Vec<Limit>,
    /// Permission bits that files made by it do not get.
    pub umask: Option<u32>,
    /// Added to its badness when the kernel runs out of memory, -1000 to 1000.
    pub oom_score: Option<i32>,
}

/// Privileges in the form in which they are set: made before fork, since nothing may be allocated after it.
#[derive(Debug)]
pub(crate) struct Prepared {
    user: Option<(Uid, Gid, Vec<Gid>)>,
    capabilities: Option<CapabilitySet>,
    gains: Gains,
    limits: Vec<(Resource, Rlimit)>,
    umask: Option<Mode>,
    oom_score: Option<String>,
}

/// More than the kernel has; it says where its own end.
const CAPABILITIES: u32 = 63;

impl Prepared {
    pub(crate) fn new(privileges: &Privileges) -> Self {
        let Privileges { user, capabilities, gains, limits, umask, oom_score } = privileges;
        let gid = |number: &u32| Gid::from_raw(*number);
        let user = user
            .as_ref()
            .map(|user| (Uid::from_raw(user.uid), gid(&user.gid), user.groups.iter().map(gid).collect()));
        let limit =
            |limit: &Limit| (limit.of.resource(), Rlimit { current: limit.soft, maximum: limit.hard });
        Self {
            user,
            capabilities: capabilities.map(CapabilitySet::from_bits_retain),
            gains: *gains,
            limits: limits.iter().map(limit).collect(),
            umask: umask.map(Mode::from_raw_mode),
            oom_score: oom_score.map(|score| score.to_string()),
        }
    }

    /// Sets everything for this thread, which is the only one after fork. What takes privileges comes first.
    /// Allocates nothing and takes no lock: each step is a system call of its own.
    pub(crate) fn apply(&self) -> io::Result<()> {
        if let Some(score) = &self.oom_score {
            // Opening by a path that is shorter than the standard library's buffer allocates nothing.
            File::options().write(true).open("/proc/self/oom_score_adj")?.write_all(score.as_bytes())?;
        }
        for (resource, limit) in &self.limits {
            setrlimit(*resource, *limit)?;
        }
        if let Some(mask) = self.umask {
            umask(mask);
        }
        if let Some(keep) = self.capabilities {
            bound(keep)?;
        }
        if let Some((uid, gid, groups)) = &self.user {
            set_keep_capabilities(true)?;
            set_thread_groups(groups)?;
            set_thread_res_gid(*gid, *gid, *gid)?;
            set_thread_res_uid(*uid, *uid, *uid)?;
        }
        if let Some(keep) = self.capabilities {
            set_capabilities(None, CapabilitySets { effective: keep, permitted: keep, inheritable: keep })?;
            // What another user than root keeps over exec is what is ambient.
            for capability in (0..=CAPABILITIES).filter_map(single).filter(|one| keep.contains(*one)) {
                configure_capability_in_ambient_set(capability, true)?;
            }
        }
        if self.gains == Gains::None {
            set_no_new_privs(true)?;
        }
        Ok(())
    }
}

/// Takes all other capabilities out of the bounding set, so that no program gets them back by exec.
fn bound(keep: CapabilitySet) -> io::Result<()> {
    for capability in (0..=CAPABILITIES).filter_map(single).filter(|one| !keep.contains(*one)) {
        match remove_capability_from_bounding_set(capability) {
            Ok(()) => {}
            // The kernel has no such capability, nor any behind it.
            Err(Errno::INVAL) => break,
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

fn single(number: u32) -> Option<CapabilitySet> {
    1u64.checked_shl(number).map(CapabilitySet::from_bits_retain)
}

impl LimitOf {
    fn resource(self) -> Resource {
        match self {
            Self::Core => Resource::Core,
            Self::FileSize => Resource::Fsize,
            Self::LockedMemory => Resource::Memlock,
            Self::Descriptors => Resource::Nofile,
            Self::Processes => Resource::Nproc,
            Self::Stack => Resource::Stack,
        }
    }
}
