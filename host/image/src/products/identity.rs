//! Who the image is: os-release, and the small files of `/etc` that libraries look for.

use bytes::Bytes;

use crate::assembly::{Assembly, Origin};
use crate::error::Error;

/// What os-release says.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Name of the recipe.
    pub recipe: String,
    /// `<recipe version>.<build number>`.
    pub version: String,
    /// Debian's suite that the packages come from.
    pub suite: String,
}

impl Identity {
    /// The text of os-release, which also becomes a section of the boot image: the loader sorts by its version.
    pub fn os_release(&self) -> String {
        let Self { recipe, version, suite } = self;
        format!(
            "NAME=Corten\nID=corten\nID_LIKE=debian\nPRETTY_NAME=\"Corten {version} ({recipe})\"\n\
             VERSION_ID={version}\nIMAGE_ID={recipe}\nIMAGE_VERSION={version}\nDEBIAN_CODENAME={suite}\n"
        )
    }
}

/// glibc's own modules for files and DNS are built in; nothing else is in the image.
const NSSWITCH: &str = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n\
                        protocols: files\nservices: files\n";

/// What every name of this very machine means, without asking anybody.
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

/// Adds os-release, and nsswitch.conf and hosts where the recipe does not bring its own.
pub fn identity(assembly: &mut Assembly, identity: &Identity) -> Result<(), Error> {
    let origin = || Origin::Produced("os-release");
    assembly.file("/usr/lib/os-release", Bytes::from(identity.os_release()), 0o644, origin())?;
    assembly.symlink("/etc/os-release", "../usr/lib/os-release", origin())?;
    for (path, text) in [("/etc/nsswitch.conf", NSSWITCH), ("/etc/hosts", HOSTS)] {
        if !assembly.contains(path) {
            assembly.file(
                path,
                Bytes::from_static(text.as_bytes()),
                0o644,
                Origin::Produced("name service"),
            )?;
        }
    }
    Ok(())
}
