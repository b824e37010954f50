//! `[remove]`: what is taken away from the extended recipe before this one is added.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{
    AccountName, Component, ImageName, KernelArgument, ModulePattern, PackageName, ServiceName, SysctlKey,
    TargetPath,
};

/// Names of what is taken away. Each must be there.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Remove {
    /// Components of the archive.
    pub components: Option<Vec<Component>>,
    /// Modules of the root image, as written in the extended recipe.
    pub modules: Option<Vec<ModulePattern>>,
    /// Modules of the initrd, as written in the extended recipe.
    pub boot_modules: Option<Vec<ModulePattern>>,
    /// Arguments of the kernel, as written in the extended recipe.
    pub command_line: Option<Vec<KernelArgument>>,
    /// Packages with microcode.
    pub microcode: Option<Vec<PackageName>>,
    /// Packages with firmware.
    pub firmware: Option<Vec<PackageName>>,
    /// Packages, with what is said of their scripts.
    pub packages: Option<Vec<PackageName>>,
    /// Packages whose scripts are spoken for.
    pub scripts: Option<Vec<PackageName>>,
    /// Directories.
    pub directories: Option<Vec<TargetPath>>,
    /// Own files.
    pub files: Option<Vec<TargetPath>>,
    /// Symbolic links.
    pub links: Option<Vec<TargetPath>>,
    /// Users.
    pub users: Option<Vec<AccountName>>,
    /// Groups.
    pub groups: Option<Vec<AccountName>>,
    /// Services.
    pub services: Option<Vec<ServiceName>>,
    /// Kernel settings.
    pub sysctl: Option<Vec<SysctlKey>>,
    /// Container images, by name as written in the extended recipe.
    pub images: Option<Vec<ImageName>>,
}

impl Read for Remove {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            components: table.texts("components"),
            modules: table.texts("modules"),
            boot_modules: table.texts("boot-modules"),
            command_line: table.texts("command-line"),
            microcode: table.texts("microcode"),
            firmware: table.texts("firmware"),
            packages: table.texts("packages"),
            scripts: table.texts("scripts"),
            directories: table.texts("directories"),
            files: table.texts("files"),
            links: table.texts("links"),
            users: table.texts("users"),
            groups: table.texts("groups"),
            services: table.texts("services"),
            sysctl: table.texts("sysctl"),
            images: table.texts("images"),
        }
    }
}
