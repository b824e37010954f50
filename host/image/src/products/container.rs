//! What a container finds in its root beside what its recipe brings: where file systems and files are mounted.
//!
//! A runtime makes mount points that are missing, but not in a root that is read-only.

use bytes::Bytes;

use super::{merged_usr, name_service};
use crate::assembly::{Assembly, Origin};
use crate::error::Error;

/// Directories that programs take for granted, the first three of them mount points.
const DIRECTORIES: [(&str, u16); 8] = [
    ("/dev", 0o755),
    ("/proc", 0o555),
    ("/sys", 0o555),
    ("/run", 0o755),
    ("/tmp", 0o1777),
    ("/var", 0o755),
    ("/var/tmp", 0o1777),
    ("/root", 0o700),
];

/// Empty files on which a runtime mounts those of the container.
const FILES: [&str; 2] = ["/etc/hostname", "/etc/resolv.conf"];

/// Adds the merged-`/usr` links, directories and files, where the recipe does not bring its own.
pub fn container(assembly: &mut Assembly) -> Result<(), Error> {
    merged_usr(assembly)?;
    let origin = || Origin::Produced("mount points");
    for (path, mode) in DIRECTORIES {
        if !assembly.is_named(path) {
            assembly.directory(path, mode, origin())?;
        }
    }
    for path in FILES {
        if !assembly.contains(path) {
            assembly.file(path, Bytes::new(), 0o644, origin())?;
        }
    }
    if !assembly.contains("/etc/mtab") {
        assembly.symlink("/etc/mtab", "../proc/self/mounts", origin())?;
    }
    name_service(assembly)
}
