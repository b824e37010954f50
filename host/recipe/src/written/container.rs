//! A container recipe as written: what an image of a container holds.
//!
//! What is about packages, files and accounts is read into the same tables as in a recipe of an operating system, so
//! both are checked by the same rules.

use std::collections::BTreeMap;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use super::{Archive, Directory, File, Group, Package, Recipe, User};
use crate::types::{
    AccountName, Component, ContainerUser, EnvironmentName, ExposedPort, LabelName, LinkTarget, PackageName,
    RepositoryName, SignalName, Tag, TargetPath, Text,
};

/// A container recipe: what an image for containers holds.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields, title = "Corten container recipe")]
pub struct ContainerRecipe {
    /// Name of the image, without its tag: `web`, or `registry.example/team/web`.
    #[schemars(with = "RepositoryName")]
    pub name: Option<RepositoryName>,
    /// Tag of the image.
    #[schemars(with = "Tag")]
    pub tag: Option<Tag>,
    /// One line about it. It becomes the label `org.opencontainers.image.description`.
    pub description: Option<Text>,
    /// The container recipe that this one starts from: a path relative to this file with a slash in it or `.toml` at
    /// its end.
    pub extends: Option<Text>,
    /// Where packages come from.
    pub archive: Option<Archive>,
    /// What is taken from which package, by its name.
    pub packages: Option<BTreeMap<PackageName, Package>>,
    /// For packages with maintainer scripts: why they need not run here, or what takes their place. They never run.
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
    /// How containers of it run.
    pub container: Option<Container>,
    /// What is taken away from the extended recipe, before this one is added.
    pub remove: Option<ContainerRemove>,
}

impl ContainerRecipe {
    /// What it has in common with a recipe of an operating system.
    pub(crate) fn common(&self) -> Recipe {
        let this = self.clone();
        Recipe {
            extends: this.extends,
            archive: this.archive,
            packages: this.packages,
            scripts: this.scripts,
            directories: this.directories,
            files: this.files,
            links: this.links,
            users: this.users,
            groups: this.groups,
            ..Recipe::default()
        }
    }
}

impl Read for ContainerRecipe {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            name: table.required("name", "web"),
            tag: table.required("tag", "1"),
            description: table.text("description"),
            extends: table.text("extends"),
            archive: table.table("archive"),
            packages: table.tables("packages"),
            scripts: table.text_map("scripts"),
            directories: table.tables("directories"),
            files: table.tables("files"),
            links: table.text_map("links"),
            users: table.tables("users"),
            groups: table.tables("groups"),
            container: table.table("container"),
            remove: table.table("remove"),
        }
    }
}

/// How containers of an image run. Whoever starts one may say something else.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Container {
    /// The program and its first arguments. Replaces that of the extended recipe.
    pub entrypoint: Option<Vec<Text>>,
    /// Further arguments, or the program where there is no `entrypoint`. Replaces that of the extended recipe.
    pub command: Option<Vec<Text>>,
    /// Variables by name.
    pub environment: Option<BTreeMap<EnvironmentName, Text>>,
    /// Who runs it: `USER` or `USER:GROUP`, names of this recipe or numbers; root unless written otherwise.
    pub user: Option<ContainerUser>,
    /// Where it starts; `/` unless written otherwise.
    pub working_directory: Option<TargetPath>,
    /// Ports that it listens on, `8080` or `53/udp`. For people and tools; it opens nothing. Added to those of the
    /// extended recipe.
    pub exposed_ports: Option<Vec<ExposedPort>>,
    /// Signal that ends it; `SIGTERM` unless written otherwise.
    pub stop_signal: Option<SignalName>,
    /// What is said of the image, by name.
    pub labels: Option<BTreeMap<LabelName, Text>>,
}

impl Read for Container {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            entrypoint: table.command("entrypoint"),
            command: table.command("command"),
            environment: table.text_map("environment"),
            user: table.setting("user"),
            working_directory: table.text("working-directory"),
            exposed_ports: table.settings("exposed-ports"),
            stop_signal: table.text("stop-signal"),
            labels: table.text_map("labels"),
        }
    }
}

/// Names of what is taken away from the extended recipe. Each must be there.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ContainerRemove {
    /// Components of the archive.
    pub components: Option<Vec<Component>>,
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
}

impl Read for ContainerRemove {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            components: table.texts("components"),
            packages: table.texts("packages"),
            scripts: table.texts("scripts"),
            directories: table.texts("directories"),
            files: table.texts("files"),
            links: table.texts("links"),
            users: table.texts("users"),
            groups: table.texts("groups"),
        }
    }
}
