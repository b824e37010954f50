//! The links that a Debian system has without any package shipping them as files of its data archive.

use crate::assembly::{Assembly, MERGED, Origin};
use crate::error::Error;

/// What stands in `/etc` as a link, because it differs by machine or is the kernel's to say.
const LINKS: [(&str, &str); 3] = [
    ("/etc/mtab", "../proc/self/mounts"),
    ("/etc/machine-id", "../run/machine-id"),
    ("/etc/resolv.conf", "../run/corten/network/resolv.conf"),
];

/// Directories that are mount points of a running node.
const MOUNT_POINTS: [(&str, u16); 6] =
    [("/dev", 0o755), ("/proc", 0o555), ("/sys", 0o555), ("/run", 0o755), ("/tmp", 0o1777), ("/var", 0o755)];

/// Adds the links of the merged `/usr` and the directories that they lead to.
pub fn merged_usr(assembly: &mut Assembly) -> Result<(), Error> {
    for name in MERGED {
        let origin = Origin::Produced("merged-/usr links");
        // The link itself must not be normalised to where it points.
        assembly.top_level_link(name, &format!("usr/{name}"), origin)?;
        assembly.directory(&format!("/usr/{name}"), 0o755, Origin::Produced("merged-/usr links"))?;
    }
    Ok(())
}

/// Adds the merged-`/usr` links, the mount points and the links into `/run`.
pub fn links(assembly: &mut Assembly) -> Result<(), Error> {
    merged_usr(assembly)?;
    for (path, mode) in MOUNT_POINTS {
        assembly.directory(path, mode, Origin::Produced("mount points"))?;
    }
    for (path, target) in LINKS {
        if !assembly.contains(path) {
            assembly.symlink(path, target, Origin::Produced("links into /run"))?;
        }
    }
    assembly.directory("/root", 0o700, Origin::Produced("accounts"))
}
