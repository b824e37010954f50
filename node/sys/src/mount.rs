//! Mounting, and making a mounted tree the root.

use std::ffi::CString;
use std::path::Path;

use rustix::io::Errno;
pub use rustix::mount::MountFlags;
use rustix::mount::UnmountFlags;

use crate::Result;
use crate::error::failed;

/// What is mounted where.
#[derive(Clone, Copy, Debug)]
pub struct Mount<'a> {
    /// Device, or a name for file systems without one.
    pub source: &'a str,
    /// Existing directory.
    pub target: &'a str,
    /// File system type, `erofs` for example.
    pub kind: &'a str,
    /// Flags such as `nosuid`.
    pub flags: MountFlags,
    /// Options of the file system type, comma-separated.
    pub data: &'a str,
}

/// Mounts a file system.
pub fn mount(what: &Mount<'_>) -> Result<()> {
    let data = CString::new(what.data).unwrap_or_default();
    rustix::mount::mount(what.source, what.target, what.kind, what.flags, data.as_c_str())
        .map_err(failed("mount", format!("{} on {}", what.kind, what.target)))
}

/// Changes flags and options of a mounted file system.
pub fn remount(target: &str, flags: MountFlags, data: &str) -> Result<()> {
    let data = CString::new(data).unwrap_or_default();
    rustix::mount::mount_remount(target, flags, data.as_c_str()).map_err(failed("mount -o remount", target))
}

/// Moves a mounted tree to another directory.
pub fn move_mount(from: &str, to: &str) -> Result<()> {
    rustix::mount::mount_move(from, to).map_err(failed("mount --move", format!("{from} to {to}")))
}

/// Makes the file system mounted at `new_root` the root of this process and of all that it starts.
///
/// The initial root can't be left by pivot_root, so the new one is moved over it.
pub fn switch_root(new_root: &str) -> Result<()> {
    rustix::process::chdir(new_root).map_err(failed("chdir", new_root))?;
    rustix::mount::mount_move(".", "/").map_err(failed("mount --move", format!("{new_root} to /")))?;
    rustix::process::chroot(".").map_err(failed("chroot", new_root))?;
    rustix::process::chdir("/").map_err(failed("chdir", "/"))
}

/// Unmounts; a file system in use goes away when its last user does.
pub fn unmount(target: &Path) -> Result<()> {
    rustix::mount::unmount(target, UnmountFlags::empty())
        .or_else(|_| rustix::mount::unmount(target, UnmountFlags::DETACH))
        .map_err(failed("umount", target.display().to_string()))
}

/// Takes everything away that is mounted there, one over the other. That there is nothing, or not even the folder, is no
/// error.
pub fn unmount_all(target: &Path) -> Result<()> {
    loop {
        match rustix::mount::unmount(target, UnmountFlags::DETACH | UnmountFlags::NOFOLLOW) {
            Ok(()) => {}
            Err(Errno::INVAL | Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(failed("umount", target.display().to_string())(errno)),
        }
    }
}

/// Writes everything that is cached for disks.
pub fn sync() {
    rustix::fs::sync();
}
