//! What plans of operating systems and of container images have in common: files, packages, accounts.

use std::collections::BTreeMap;

use super::parts::{Archive, Directory, Group, OwnFile, Selection, User};
use crate::types::{AccountName, LinkTarget, PackageName, TargetPath, Text};

/// What is in a file system and belongs to no kernel and no init. Copying it copies references alone.
#[derive(Clone, Copy, Debug)]
pub struct Userland<'a> {
    /// Where packages come from.
    pub archive: &'a Archive,
    /// What is taken from which package.
    pub packages: &'a BTreeMap<PackageName, Selection>,
    /// For packages whose maintainer scripts are accounted for: why they need not run.
    pub scripts: &'a BTreeMap<PackageName, Text>,
    /// Directories with a mode or owner of their own.
    pub directories: &'a BTreeMap<TargetPath, Directory>,
    /// Files that the recipe brings.
    pub files: &'a BTreeMap<TargetPath, OwnFile>,
    /// Symbolic links.
    pub links: &'a BTreeMap<TargetPath, LinkTarget>,
    /// All users, `root` and `nobody` included.
    pub users: &'a BTreeMap<AccountName, User>,
    /// All groups, those of `root` and `nobody` included.
    pub groups: &'a BTreeMap<AccountName, Group>,
}
