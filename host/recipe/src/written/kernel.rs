//! `[archive]` and `[kernel]`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{Architecture, Component, KernelArgument, ModulePattern, PackageName, Suite};

/// Where packages come from.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Archive {
    /// Suite of the archive, `trixie` for example.
    pub suite: Option<Suite>,
    /// Components of the suite. Added to those of the extended recipe.
    pub components: Option<Vec<Component>>,
    /// The archive's name of the architecture, `amd64` for example.
    pub architecture: Option<Architecture>,
    /// Use `<suite>-updates` too when the mirror has it. True unless written otherwise.
    pub updates: Option<bool>,
    /// Use `<suite>-security` too when the mirror has it. True unless written otherwise.
    pub security: Option<bool>,
}

impl Read for Archive {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            suite: table.text("suite"),
            components: table.texts("components"),
            architecture: table.text("architecture"),
            updates: table.boolean("updates"),
            security: table.boolean("security"),
        }
    }
}

/// Kernel, modules, command line.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kernel {
    /// Package of the kernel, or one that depends on it.
    pub package: Option<PackageName>,
    /// Modules of the root image: names, or patterns of paths below `kernel` such as `drivers/net/**`. What they
    /// depend on comes along. Added to those of the extended recipe.
    pub modules: Option<Vec<ModulePattern>>,
    /// Modules of the initrd: what finds and verifies the root. Added to those of the extended recipe.
    pub boot_modules: Option<Vec<ModulePattern>>,
    /// Arguments of the kernel, one a string. Put after those of the extended recipe; of two that contradict each
    /// other the kernel takes the last.
    pub command_line: Option<Vec<KernelArgument>>,
    /// Packages with microcode. Added to those of the extended recipe.
    pub microcode: Option<Vec<PackageName>>,
    /// Packages with firmware. Of their files those are taken that the modules ask for. Added to those of the
    /// extended recipe.
    pub firmware: Option<Vec<PackageName>>,
}

impl Read for Kernel {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            package: table.text("package"),
            modules: table.texts("modules"),
            boot_modules: table.texts("boot-modules"),
            command_line: table.texts("command-line"),
            microcode: table.texts("microcode"),
            firmware: table.texts("firmware"),
        }
    }
}
