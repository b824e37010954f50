//! From a merged recipe to a plan: fills in, resolves names, checks everything against everything.

use std::collections::BTreeMap;

use bytes::Bytes;
use corten_document::{Court, KeyPath, Problem};

use super::accounts::Accounts;
use super::parts::{Archive, Content, Directory, ExtraSuite, Kernel, OwnFile, Owner, Product, Selection};
use super::{Plan, image, images, paths, secure_boot, services};
use crate::diagnostic::Report;
use crate::load::Merged;
use crate::source::BUILT_IN;
use crate::types::{
    AccountName, Component, KernelArgument, Mode, PackageName, RecipeName, RecipeVersion, TargetPath,
};
use crate::written;

impl Merged {
    /// Decides everything. The report names everything that stands in the way.
    pub fn plan(self) -> Result<Plan, Report> {
        let mut court = Court::new(&self.origins);
        let plan = self.decide(&mut court);
        judged(&self.reference, plan, court)
    }

    fn decide(&self, court: &mut Court<'_>) -> Option<Plan> {
        let recipe = &self.recipe;
        let common = decide_common(recipe, &self.contents, Place::System, court);
        let kernel = decide_kernel(recipe.kernel.clone().unwrap_or_default(), court);
        let services = services::decide(recipe, &common.accounts, court);
        let image = image::decide(recipe.image.clone().unwrap_or_default(), court);
        let images = images::decide(recipe.images.as_deref(), court);
        let secure_boot = self.keys.as_ref().and_then(|keys| secure_boot::decide(keys, court));
        let (name, version) = identity(recipe)?;
        Some(Plan {
            name,
            version,
            description: recipe.description.clone().unwrap_or_default(),
            archive: common.archive?,
            kernel: kernel?,
            products: products(&common.packages),
            packages: common.packages,
            scripts: recipe.scripts.clone().unwrap_or_default(),
            directories: common.directories,
            files: common.files,
            links: recipe.links.clone().unwrap_or_default(),
            users: common.accounts.users,
            groups: common.accounts.groups,
            services,
            sysctl: recipe.sysctl.clone().unwrap_or_default(),
            image,
            images,
            secure_boot,
            origins: self.origins.clone(),
        })
    }
}

/// What the file system is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// An operating system.
    System,
    /// A container.
    Container,
}

/// What is decided in the same way for both.
pub(super) struct Common {
    pub(super) accounts: Accounts,
    pub(super) archive: Option<Archive>,
    pub(super) packages: BTreeMap<PackageName, Selection>,
    pub(super) directories: BTreeMap<TargetPath, Directory>,
    pub(super) files: BTreeMap<TargetPath, OwnFile>,
}

/// Decides on archive, packages, directories, files and accounts, and checks that paths fit together.
pub(super) fn decide_common(
    recipe: &written::Recipe,
    contents: &BTreeMap<TargetPath, Bytes>,
    place: Place,
    court: &mut Court<'_>,
) -> Common {
    let accounts = Accounts::decide(recipe, court);
    paths::check(recipe, place, court);
    let archive = decide_archive(recipe.archive.clone().unwrap_or_default(), place, court);
    let packages: BTreeMap<PackageName, Selection> = recipe
        .packages
        .iter()
        .flatten()
        .map(|(name, package)| (name.clone(), decide_package(name, package, court)))
        .collect();
    let directories = recipe
        .directories
        .iter()
        .flatten()
        .map(|(path, directory)| {
            let key = KeyPath::of(&["directories", path.as_str()]);
            let owner = owner(&accounts, &key, (directory.user.as_ref(), directory.group.as_ref()), court);
            (path.clone(), Directory { mode: directory.mode.unwrap_or(Mode::DIRECTORY), owner })
        })
        .collect();
    let mut files = BTreeMap::new();
    for (path, file) in recipe.files.iter().flatten() {
        let key = KeyPath::of(&["files", path.as_str()]);
        let owner = owner(&accounts, &key, (file.user.as_ref(), file.group.as_ref()), court);
        let content = Content(contents.get(path).cloned().unwrap_or_default());
        files.insert(path.clone(), OwnFile { content, mode: file.mode.unwrap_or(Mode::FILE), owner });
    }
    Common { accounts, archive, packages, directories, files }
}

/// The plan, or a report on all complaints in the order of files and lines.
pub(super) fn judged<T>(reference: &str, plan: Option<T>, court: Court<'_>) -> Result<T, Report> {
    let mut diagnostics = court.into_diagnostics();
    match plan {
        Some(plan) if diagnostics.is_empty() => Ok(plan),
        _ => {
            diagnostics.sort_by_key(|one| {
                one.origin().map(|origin| {
                    let name = &origin.source.name;
                    (!name.starts_with(BUILT_IN), name.clone(), origin.span.start)
                })
            });
            Err(Report::new(reference, diagnostics))
        }
    }
}

fn identity(recipe: &written::Recipe) -> Option<(RecipeName, RecipeVersion)> {
    Some((recipe.name.clone()?, recipe.version.clone()?))
}

fn decide_archive(archive: written::Archive, place: Place, court: &mut Court<'_>) -> Option<Archive> {
    let help = match place {
        Place::System => "extend a recipe that has it, `base` for example, or add it",
        Place::Container => "add it, or extend a container recipe that has it",
    };
    for (key, there) in [("suite", archive.suite.is_some()), ("architecture", archive.architecture.is_some())]
    {
        if !there {
            court.missing(&KeyPath::of(&["archive", key]), help);
        }
    }
    let extra = [(ExtraSuite::Updates, archive.updates), (ExtraSuite::Security, archive.security)];
    let components = archive.components.unwrap_or_default();
    if components.is_empty() {
        court.missing(&KeyPath::of(&["archive", "components"]), "name a component, `main` for example");
    }
    let components: Vec<Component> = components;
    Some(Archive {
        suite: archive.suite?,
        components,
        architecture: archive.architecture?,
        extra_suites: extra
            .into_iter()
            .filter(|(_, used)| used.unwrap_or(true))
            .map(|(suite, _)| suite)
            .collect(),
    })
}

fn decide_kernel(kernel: written::Kernel, court: &mut Court<'_>) -> Option<Kernel> {
    if kernel.package.is_none() {
        let help = "extend a recipe that has it, `base` for example, or add it";
        court.missing(&KeyPath::of(&["kernel", "package"]), help);
    }
    let command_line = kernel.command_line.unwrap_or_default();
    for (n, argument) in command_line.iter().enumerate() {
        if let Some(why) = reserved(argument) {
            let key = KeyPath::of(&["kernel", "command-line"]).item(n);
            court.complain(&Problem::Conflict(format!("`{argument}` is not for recipes: {why}")), &key, None);
        }
    }
    Some(Kernel {
        package: kernel.package?,
        modules: kernel.modules.unwrap_or_default(),
        boot_modules: kernel.boot_modules.unwrap_or_default(),
        command_line,
        microcode: kernel.microcode.unwrap_or_default(),
        firmware: kernel.firmware.unwrap_or_default(),
    })
}

/// Why an argument can't be one of a recipe's.
fn reserved(argument: &KernelArgument) -> Option<&'static str> {
    let name = argument.as_str().split('=').next().unwrap_or_default();
    match name {
        _ if name.starts_with("corten.") => Some("the builder and init speak to each other with such names"),
        "init" | "rdinit" | "root" | "rootfstype" | "initrd" => {
            Some("Corten's init is started, from the slot's root")
        }
        "--" => Some("init takes no arguments"),
        _ => None,
    }
}

fn decide_package(name: &PackageName, package: &written::Package, court: &mut Court<'_>) -> Selection {
    let selection = Selection {
        programs: package.programs.clone().unwrap_or_default(),
        data: package.data.clone().unwrap_or_default(),
        certificates: package.certificates.clone().unwrap_or_default(),
        version: package.version.clone(),
    };
    if selection.programs.is_empty() && selection.data.is_empty() && selection.certificates.is_empty() {
        let key = KeyPath::of(&["packages", name.as_str()]);
        let help = "add `programs`, `data` or `certificates`; nothing is taken from a package by itself";
        court.complain(&Problem::Missing(key.key("programs")), &key, Some(help.into()));
    }
    selection
}

/// User and group of something by name.
fn owner(
    accounts: &Accounts,
    key: &KeyPath,
    (user, group): (Option<&AccountName>, Option<&AccountName>),
    court: &mut Court<'_>,
) -> Owner {
    let mut owner = Owner::default();
    if let Some(name) = user {
        match accounts.users.get(name) {
            Some(user) => owner = Owner { uid: user.uid, gid: user.gid },
            None => court.unresolved(
                &key.key("user"),
                name.as_str(),
                accounts.users.keys().map(AccountName::as_str),
            ),
        }
    }
    if let Some(name) = group {
        match accounts.groups.get(name) {
            Some(group) => owner.gid = group.gid,
            None => court.unresolved(
                &key.key("group"),
                name.as_str(),
                accounts.groups.keys().map(AccountName::as_str),
            ),
        }
    }
    owner
}

fn products(packages: &BTreeMap<PackageName, Selection>) -> Vec<Product> {
    let certificates = packages.values().any(|package| !package.certificates.is_empty());
    super::PRODUCTS
        .into_iter()
        .map(|(product, _)| product)
        .filter(|product| *product != Product::CertificateBundle || certificates)
        .collect()
}
