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
    /// The text of os-release in the root.
    pub fn os_release(&self) -> String {
        let Self { recipe, version, suite } = self;
        format!(
            "NAME=Corten\nID=corten\nID_LIKE=debian\nPRETTY_NAME=\"Corten {version} ({recipe})\"\n\
             VERSION_ID={version}\nIMAGE_ID={recipe}\nIMAGE_VERSION={version}\nDEBIAN_CODENAME={suite}\n"
        )
    }

    /// The text of os-release in the boot image. The loader sorts by `IMAGE_ID` before it looks at the version, so a
    /// node that changes over to another recipe would be sorted by the names of recipes: here it is left out.
    pub fn boot_release(&self) -> String {
        let text = self.os_release();
        text.split_inclusive('\n').filter(|line| !line.starts_with("IMAGE_ID=")).collect()
    }
}

/// glibc's own modules for files and DNS are built in; nothing else is in the image.
const NSSWITCH: &str = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\n\
                        protocols: files\nservices: files\n";

/// What every name of this very machine means, without asking anybody.
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

/// Adds os-release, and what [`name_service`] adds.
pub fn identity(assembly: &mut Assembly, identity: &Identity) -> Result<(), Error> {
    let origin = || Origin::Produced("os-release");
    assembly.file("/usr/lib/os-release", Bytes::from(identity.os_release()), 0o644, origin())?;
    assembly.symlink("/etc/os-release", "../usr/lib/os-release", origin())?;
    name_service(assembly)
}

/// Adds nsswitch.conf and hosts where the recipe does not bring its own.
pub fn name_service(assembly: &mut Assembly) -> Result<(), Error> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_finds_one_sort_key_in_all_recipes_and_the_version() {
        let of = |recipe: &str| Identity {
            recipe: recipe.into(),
            version: "1.0.7".into(),
            suite: "trixie".into(),
        };
        let text = of("a").boot_release();
        assert!(text.contains("\nID=corten\n") && text.contains("\nIMAGE_VERSION=1.0.7\n"), "{text}");
        assert!(!text.contains("IMAGE_ID=") && of("a").os_release().contains("\nIMAGE_ID=a\n"), "{text}");
    }
}
