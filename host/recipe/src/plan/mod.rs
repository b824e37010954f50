//! The plan: a recipe after merging and validation. Everything is decided, nothing is done yet.
//!
//! The builder starts from a plan alone. What it finds out later, that a package has no such program for example,
//! it reports through [`Plan::diagnostic`], which knows the place in the recipe.

mod accounts;
mod confinement;
mod container;
mod decide;
mod image;
mod images;
mod parts;
mod paths;
mod secure_boot;
mod services;
mod userland;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use corten_document::{KeyPath, Origin, Origins};
use corten_services::Services;
use serde::Serialize;

pub use container::{Container, ContainerPlan};
pub use image::{Compression, Format, Image};
pub use images::ContainerImage;
pub use parts::{
    Archive, Content, Directory, ExtraSuite, Group, Kernel, OwnFile, Owner, PRODUCTS, Product, Selection,
    User,
};
pub use secure_boot::SecureBoot;
pub use userland::Userland;

use crate::diagnostic::Diagnostic;
use crate::types::{
    AccountName, KernelArgument, LinkTarget, PackageName, RecipeName, RecipeVersion, SysctlKey, TargetPath,
    Text,
};

/// Everything that a build needs to know.
///
/// Serialised it holds no place and no path of the machine that made it, so equal recipes give equal text.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Plan {
    /// Name of the recipe and of the operating system.
    pub name: RecipeName,
    /// Version of the recipe; a build appends its number.
    pub version: RecipeVersion,
    /// One line about it; may be empty.
    pub description: Text,
    /// Where packages come from.
    pub archive: Archive,
    /// Kernel, modules, command line.
    pub kernel: Kernel,
    /// What is taken from which package.
    pub packages: BTreeMap<PackageName, Selection>,
    /// For packages whose maintainer scripts are accounted for: why they need not run.
    pub scripts: BTreeMap<PackageName, Text>,
    /// Directories with a mode or owner of their own. Others come into being with what lies in them, as
    /// root's with mode 0755.
    pub directories: BTreeMap<TargetPath, Directory>,
    /// Files that the recipe brings.
    pub files: BTreeMap<TargetPath, OwnFile>,
    /// Symbolic links.
    pub links: BTreeMap<TargetPath, LinkTarget>,
    /// All users, `root` and `nobody` included.
    pub users: BTreeMap<AccountName, User>,
    /// All groups, those of `root` and `nobody` included.
    pub groups: BTreeMap<AccountName, Group>,
    /// The services, in an order in which they can start.
    pub services: Services,
    /// Kernel settings that init applies.
    pub sysctl: BTreeMap<SysctlKey, Text>,
    /// What the builder makes in place of maintainer scripts.
    pub products: Vec<Product>,
    /// Sizes, compression, formats.
    pub image: Image,
    /// Container images that the root holds, in the order of the recipe.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ContainerImage>,
    /// With what loader and boot image are signed, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<SecureBoot>,
    /// Where each value was written.
    #[serde(skip)]
    pub(crate) origins: Origins,
}

impl Plan {
    /// Where the value at this key was written, or the nearest key above it that was; `None` for what no file
    /// wrote, such as a default.
    pub fn origin_of(&self, key: &KeyPath) -> Option<Origin> {
        self.origins.of(key)
    }

    /// A complaint about the value at this key, to be shown to the recipe's author.
    pub fn diagnostic(
        &self,
        key: impl Borrow<KeyPath>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Diagnostic {
        corten_document::Diagnostic::new(code, message).at(key.borrow(), &self.origins).into()
    }

    /// What is about files, packages and accounts.
    pub fn userland(&self) -> Userland<'_> {
        Userland {
            archive: &self.archive,
            packages: &self.packages,
            scripts: &self.scripts,
            directories: &self.directories,
            files: &self.files,
            links: &self.links,
            users: &self.users,
            groups: &self.groups,
        }
    }

    /// The arguments of the kernel's command line in order, without what the builder adds.
    pub fn command_line(&self) -> impl Iterator<Item = &KernelArgument> {
        self.kernel.command_line.iter()
    }
}
