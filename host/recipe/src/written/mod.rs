//! A recipe as written: one struct a table, nothing filled in, nothing decided.
//!
//! The comments on the fields are what the JSON Schema tells the users of an editor.

mod container;
mod files;
mod image;
mod images;
mod kernel;
mod packages;
mod remove;
mod secure_boot;
mod services;

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

pub use container::{Container, ContainerRecipe, ContainerRemove};
pub use files::{Directory, File};
pub use image::{Algorithm, Image};
pub use images::ContainerImage;
pub(crate) use images::{explain as explain_images, gather as gather_images};
pub use kernel::{Archive, Kernel};
pub use packages::{Group, Package, User};
pub use remove::Remove;
pub use secure_boot::SecureBoot;
pub use services::{
    Directories, Kill, Limits, Maintenance, NewPrivileges, ReadyBy, Requests, Resources, Restart, Service,
    Start,
};

use crate::types::{
    AccountName, LinkTarget, PackageName, RecipeName, RecipeVersion, ServiceName, SysctlKey, TargetPath, Text,
};

/// A recipe: what an operating system image holds.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields, title = "Corten recipe")]
pub struct Recipe {
    /// Name of the recipe and of the operating system: lower case letters, digits and hyphens.
    #[schemars(with = "RecipeName")]
    pub name: Option<RecipeName>,
    /// Version of the recipe. A build appends a full stop and its number.
    #[schemars(with = "RecipeVersion")]
    pub version: Option<RecipeVersion>,
    /// One line about it.
    pub description: Option<Text>,
    /// The recipe that this one starts from: the name of a built-in recipe, or a path relative to this file with
    /// a slash in it or `.toml` at its end.
    pub extends: Option<Text>,
    /// Where packages come from.
    pub archive: Option<Archive>,
    /// Kernel, modules, command line.
    pub kernel: Option<Kernel>,
    /// What is taken from which package, by its name.
    pub packages: Option<BTreeMap<PackageName, Package>>,
    /// For packages with maintainer scripts: why they need not run here, or what takes their place. They never
    /// run, and a package with scripts that has no entry is named by `corten recipe check`.
    pub scripts: Option<BTreeMap<PackageName, Text>>,
    /// Directories with a mode or owner of their own, by path. Others come into being with what lies in them.
    pub directories: Option<BTreeMap<TargetPath, Directory>>,
    /// Own files, by path in the image.
    pub files: Option<BTreeMap<TargetPath, File>>,
    /// Symbolic links: path in the image and what it points to.
    pub links: Option<BTreeMap<TargetPath, LinkTarget>>,
    /// Users, by name. Every image has `root` and `nobody`.
    pub users: Option<BTreeMap<AccountName, User>>,
    /// Groups, by name. A user without `group` brings a group of its own name and number.
    pub groups: Option<BTreeMap<AccountName, Group>>,
    /// Services that init runs, by name.
    pub services: Option<BTreeMap<ServiceName, Service>>,
    /// Kernel settings that init applies, as sysctl(8) writes them.
    #[schemars(with = "Option<BTreeMap<SysctlKey, Setting>>")]
    pub sysctl: Option<BTreeMap<SysctlKey, Text>>,
    /// Sizes, compression and formats of the image. A list, `[[image]]`, is taken for `images`.
    #[schemars(with = "Option<images::ImageOrImages>")]
    pub image: Option<Image>,
    /// Container images that the root holds, each once. Added to those of the extended recipe. In a file without
    /// `[image]` it can be written as `[[image]]`.
    pub images: Option<Vec<ContainerImage>>,
    /// With what loader and boot image are signed. Without it they are not.
    pub secure_boot: Option<SecureBoot>,
    /// What is taken away from the extended recipe, before this one is added.
    pub remove: Option<Remove>,
}

/// Value of a kernel setting, for the schema alone.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "the reader turns either into text")]
enum Setting {
    Text(String),
    Integer(i64),
}

impl Read for Recipe {
    fn read(table: &mut Table<'_>) -> Self {
        let listed = if table.is_list("image") { Some(table.table_list("image")) } else { None };
        Self {
            name: table.required("name", "my-node"),
            version: table.required("version", "0.1.0"),
            description: table.text("description"),
            extends: table.text("extends"),
            archive: table.table("archive"),
            kernel: table.table("kernel"),
            packages: table.tables("packages"),
            scripts: table.text_map("scripts"),
            directories: table.tables("directories"),
            files: table.tables("files"),
            links: table.text_map("links"),
            users: table.tables("users"),
            groups: table.tables("groups"),
            services: table.tables("services"),
            sysctl: table.setting_map("sysctl"),
            image: if listed.is_none() { table.table("image") } else { None },
            images: table.table_list("images").or(listed.flatten()),
            secure_boot: table.table("secure-boot"),
            remove: table.table("remove"),
        }
    }
}
