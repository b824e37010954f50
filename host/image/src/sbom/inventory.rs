//! The facts that both SBOM formats are written from.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_formats::tree::{Kind, Tree};
use corten_services::images::Image;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha1::Digest as _;

use crate::assembly::Origin;
use crate::hex::hex;

/// A Debian package that files of the image come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Name of the binary package.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its architecture: `amd64`, `all`.
    pub architecture: String,
    /// Source package.
    pub source: String,
    /// Version of the source package.
    pub source_version: String,
    /// SHA-256 of the `.deb`, hex.
    pub sha256: String,
    /// What the package's copyright file says for `Files: *`, where it says it in the machine-readable form.
    pub licence: Option<String>,
}

/// A crate or library that a program of Corten's own is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePart {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Licence expression, where the crate states one.
    pub license: Option<String>,
}

/// What the node's programs are made of; written when they were built and embedded with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInventory {
    /// Crates.
    pub crates: Vec<NodePart>,
    /// The static C library.
    pub libc: Option<NodePart>,
}

/// One regular file of the image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRecord {
    /// Absolute path.
    pub path: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// SHA-1, hex; SPDX 2.3 demands it.
    pub sha1: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Everything that the SBOM says.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Name of the recipe.
    pub name: String,
    /// Version of the image.
    pub version: String,
    /// dm-verity root hash, hex.
    pub root_hash: String,
    /// Time that every file of the image carries, seconds since 1970.
    pub epoch: u64,
    /// Packages by name.
    pub packages: BTreeMap<String, Component>,
    /// Container images, by name.
    pub images: Vec<Image>,
    /// Parts of Corten's own programs.
    pub node: NodeInventory,
    /// Regular files by path.
    pub files: Vec<FileRecord>,
}

impl Inventory {
    /// The time of the image as RFC 3339.
    pub fn created(&self) -> String {
        crate::name::rfc3339(self.epoch)
    }
}

/// The package URL of a Debian package.
pub fn purl(component: &Component) -> String {
    let version = component.version.replace('+', "%2B").replace(':', "%3A");
    format!("pkg:deb/debian/{}@{version}?arch={}", component.name.replace('+', "%2B"), component.architecture)
}

/// The package URL of a container image. Its name there is the last part of the path, in small letters.
pub fn image_purl(image: &Image) -> String {
    let name = image.name.rsplit('/').next().unwrap_or_default();
    let (name, tag) = name.split_once(':').unwrap_or((name, ""));
    let repository = image.name.strip_suffix(&format!(":{tag}")).unwrap_or(&image.name);
    let tag = if tag.is_empty() { String::new() } else { format!("&tag={tag}") };
    let (repository, digest) = (repository.replace(':', "%3A"), image.digest.replace(':', "%3A"));
    format!("pkg:oci/{name}@{digest}?repository_url={repository}{tag}")
}

/// Algorithm and digits of a digest, for hashes of both formats; `None` for one of another form.
pub fn image_hash(image: &Image) -> Option<(&'static str, &str)> {
    match image.digest.split_once(':')? {
        ("sha256", digits) => Some(("SHA-256", digits)),
        ("sha512", digits) => Some(("SHA-512", digits)),
        _ => None,
    }
}

/// Hashes every regular file of a tree, once for each content, on all cores.
pub fn digests(tree: &Tree, origins: &BTreeMap<String, Origin>) -> Vec<FileRecord> {
    let mut files: Vec<(String, Bytes)> = Vec::new();
    tree.walk(|path, id| {
        if let Kind::File(content) = &tree.node(id).kind {
            files.push((String::from_utf8_lossy(path).into_owned(), content.clone()));
        }
    });
    let record = |(path, content): (String, Bytes)| FileRecord {
        sha256: hex(&sha2::Sha256::digest(&content)),
        sha1: hex(&sha1::Sha1::digest(&content)),
        origin: origins.get(&path).cloned().unwrap_or(Origin::Recipe),
        path,
    };
    files.into_par_iter().map(record).collect()
}
