//! Network namespaces that last without a process in them: each is kept by a mount of it on a file (namespaces(7)).
#![expect(unsafe_code, reason = "unshare can take from a thread what it shares with others")]

use std::fs::File;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::thread;

use rustix::fs::{FsWord, statfs};
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, mount_bind, unmount};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

use crate::Result;
use crate::error::{failed, io_failed};

/// Kind of the file system that namespaces are files of (NSFS_MAGIC of include/uapi/linux/magic.h).
const NSFS: FsWord = 0x6e73_6673;
/// Where a thread finds the namespace that it is in.
const OWN: &str = "/proc/thread-self/ns/net";

/// Makes a network namespace, which holds a loopback that is down and nothing else, and keeps it at `place`, an existing
/// file. Other threads of this process stay where they are.
pub fn make(place: &Path) -> Result<()> {
    aside(place, || {
        // SAFETY: a new network namespace takes nothing from this thread that others share; it ends right after.
        unsafe { unshare_unsafe(UnshareFlags::NEWNET) }.map_err(failed("unshare", "CLONE_NEWNET"))?;
        mount_bind(OWN, place).map_err(failed("mount --bind", format!("{OWN} on {}", place.display())))
    })
}

/// Whether a namespace is kept at `place`.
pub fn is_kept(place: &Path) -> bool {
    statfs(place).is_ok_and(|system| system.f_type == NSFS)
}

/// Lets go of what is kept at `place`, and leaves the file there. The namespace ends with the last process in it. That
/// none is kept is no error.
pub fn let_go(place: &Path) -> Result<()> {
    loop {
        match unmount(place, UnmountFlags::DETACH) {
            // There may be several, one over the other.
            Ok(()) => {}
            // Nothing is mounted there, or nothing is there.
            Err(Errno::INVAL | Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(failed("umount", place.display().to_string())(errno)),
        }
    }
}

/// Runs `task` in the network namespace that is kept at `place`, in a thread of its own.
pub fn within<T: Send>(place: &Path, task: impl FnOnce() -> T + Send) -> Result<T> {
    aside(place, || {
        let namespace = File::open(place).map_err(io_failed("open", place.display().to_string()))?;
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(failed("setns", place.display().to_string()))?;
        Ok(task())
    })
}

fn aside<T: Send>(place: &Path, task: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .spawn_scoped(scope, task)
            .map_err(io_failed("clone", place.display().to_string()))?;
        match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_kept_until_it_is_let_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("net");
        std::fs::write(&place, "").expect("it can be written");
        assert!(!is_kept(&place));
        match make(&place) {
            Ok(()) => {}
            Err(error) if matches!(error.errno, Errno::PERM | Errno::ACCESS) => {
                eprintln!("skipped: {error}");
                return;
            }
            Err(error) => panic!("{error}"),
        }
        assert!(is_kept(&place));
        let links = || std::fs::read_to_string("/proc/thread-self/net/dev").expect("readable");
        assert!(within(&place, links).expect("it is kept").contains("lo:"));
        let own = || std::fs::read_link(OWN).expect("readable");
        assert_ne!(within(&place, own).expect("it is kept"), own(), "only that thread is in it");
        let_go(&place).expect("it is ours");
        assert!(!is_kept(&place) && place.exists());
        let_go(&place).expect("none is no error");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let error = within(Path::new("/nowhere/net"), || ()).expect_err("there is none");
        assert_eq!((error.call, error.errno), ("open", Errno::NOENT));
        let_go(Path::new("/nowhere/net")).expect("none is no error");
    }
}
