//! Names and identities of a build, all of them made from the recipe, the lock and the content: never by chance.

use corten_formats::verity::RootHash;
use corten_update::BootName;

/// What names are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Name of the recipe.
    pub recipe: String,
    /// `<recipe version>.<build number>`.
    pub version: String,
    /// Time of every file in the image: that of the newest package index in the lock, seconds since 1970.
    pub epoch: u64,
}

impl Naming {
    /// A UUID of version 8 (RFC 9562, section 5.8) for one part of the image.
    pub fn uuid(&self, part: &str) -> [u8; 16] {
        uuid_of(&[
            self.recipe.as_bytes(),
            self.version.as_bytes(),
            &self.epoch.to_le_bytes(),
            part.as_bytes(),
        ])
    }

    /// Salt of the hash tree. It need not be secret, only differ between versions.
    pub fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        salt[..16].copy_from_slice(&self.uuid("salt, first half"));
        salt[16..].copy_from_slice(&self.uuid("salt, second half"));
        salt
    }

    /// File name of the boot image: two builds never share it. It has no counter, because there is nothing that a
    /// node with this one image could fall back to.
    pub fn boot_image(&self, root_hash: &RootHash) -> String {
        let version = self.version.parse().expect("a recipe's version and a number make a version");
        BootName::committed(version, root_hash).to_string()
    }

    /// Name of an artifact without its ending.
    pub fn artifact(&self) -> String {
        format!("{}_{}", self.recipe, self.version)
    }
}

/// A UUID of version 8 over the root hash, for what belongs to one disk image.
pub fn disk_uuid(root_hash: &RootHash, part: &str) -> [u8; 16] {
    uuid_of(&[&root_hash.0, part.as_bytes()])
}

fn uuid_of(parts: &[&[u8]]) -> [u8; 16] {
    let mut hash = blake3::Hasher::new();
    for part in parts {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut uuid = [0; 16];
    uuid.copy_from_slice(&hash.finalize().as_bytes()[..16]);
    uuid[6] = 0x80 | (uuid[6] & 0x0f);
    uuid[8] = 0x80 | (uuid[8] & 0x3f);
    uuid
}

/// Seconds since 1970 as RFC 3339 writes them.
pub fn rfc3339(epoch: u64) -> String {
    let time = jiff::Timestamp::from_second(i64::try_from(epoch).unwrap_or_default());
    time.unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boot_images_carry_version_and_root_hash() {
        let naming = Naming { recipe: "x".into(), version: "1.0.7".into(), epoch: 1 };
        let name = naming.boot_image(&RootHash([0xab; 32]));
        assert_eq!(name, "corten_1.0.7_abababab.efi");
    }

    #[test]
    fn another_version_has_other_identities() {
        let one = Naming { recipe: "x".into(), version: "1.0".into(), epoch: 1 };
        let two = Naming { version: "1.1".into(), ..one.clone() };
        assert_ne!(one.uuid("root"), two.uuid("root"));
        assert_ne!(one.salt(), two.salt());
        assert_ne!(one.uuid("root"), one.uuid("verity"));
    }
}
