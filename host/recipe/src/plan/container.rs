//! The plan of a container recipe: what an image holds and how containers of it run.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Origins, Problem};
use serde::Serialize;

use super::accounts::Accounts;
use super::decide::{Place, decide_common, judged};
use super::parts::{Archive, Directory, Group, OwnFile, Selection, User};
use super::userland::Userland;
use crate::diagnostic::{Diagnostic, Report};
use crate::load::MergedContainer;
use crate::types::{
    Account, AccountName, ContainerUser, EnvironmentName, ExposedPort, ImageName, LabelName, LinkTarget,
    PackageName, SignalName, TargetPath, Text,
};
use crate::written;

/// Everything that packing an image needs to know. Serialised it holds no place and no path of the machine that made
/// it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ContainerPlan {
    /// Name of the image with its tag.
    pub name: ImageName,
    /// One line about it; may be empty.
    pub description: Text,
    /// Where packages come from.
    pub archive: Archive,
    /// What is taken from which package.
    pub packages: BTreeMap<PackageName, Selection>,
    /// For packages whose maintainer scripts are accounted for: why they need not run.
    pub scripts: BTreeMap<PackageName, Text>,
    /// Directories with a mode or owner of their own.
    pub directories: BTreeMap<TargetPath, Directory>,
    /// Files that the recipe brings.
    pub files: BTreeMap<TargetPath, OwnFile>,
    /// Symbolic links.
    pub links: BTreeMap<TargetPath, LinkTarget>,
    /// All users, `root` and `nobody` included.
    pub users: BTreeMap<AccountName, User>,
    /// All groups, those of `root` and `nobody` included.
    pub groups: BTreeMap<AccountName, Group>,
    /// How containers of it run.
    pub container: Container,
    #[serde(skip)]
    origins: Origins,
}

/// How containers of an image run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Container {
    /// The program and its first arguments.
    pub entrypoint: Vec<Text>,
    /// Further arguments, or the program where there is no entry point.
    pub command: Vec<Text>,
    /// Variables.
    pub environment: BTreeMap<EnvironmentName, Text>,
    /// Numbers of user and group. Numbers, so that nobody has to look into the image to find out who it is.
    pub user: (u32, u32),
    /// Where it starts.
    pub working_directory: String,
    /// Ports that it listens on.
    pub exposed_ports: Vec<ExposedPort>,
    /// Signal that ends it; `None` for SIGTERM.
    pub stop_signal: Option<SignalName>,
    /// What is said of the image.
    pub labels: BTreeMap<LabelName, Text>,
}

impl ContainerPlan {
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

    /// A complaint about the value at this key, to be shown to the recipe's author.
    pub fn diagnostic(
        &self,
        key: impl Borrow<KeyPath>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Diagnostic {
        corten_document::Diagnostic::new(code, message).at(key.borrow(), &self.origins).into()
    }
}

impl MergedContainer {
    /// Decides everything. The report names everything that stands in the way.
    pub fn plan(self) -> Result<ContainerPlan, Report> {
        let mut court = Court::new(&self.origins);
        let plan = self.decide(&mut court);
        judged(&self.reference, plan, court)
    }

    fn decide(&self, court: &mut Court<'_>) -> Option<ContainerPlan> {
        let recipe = self.recipe.common();
        let common = decide_common(&recipe, &self.contents, Place::Container, court);
        let container = self.recipe.container.clone().unwrap_or_default();
        if container.entrypoint.is_none() && container.command.is_none() {
            let help = "name the program: `entrypoint = [\"/usr/bin/program\", \"argument\"]`";
            court.missing(&KeyPath::of(&["container", "entrypoint"]), help);
        }
        let container = decide_container(container, &common.accounts, court);
        let name = self.name(court)?;
        Some(ContainerPlan {
            name,
            description: self.recipe.description.clone().unwrap_or_default(),
            archive: common.archive?,
            packages: common.packages,
            scripts: recipe.scripts.unwrap_or_default(),
            directories: common.directories,
            files: common.files,
            links: recipe.links.unwrap_or_default(),
            users: common.accounts.users,
            groups: common.accounts.groups,
            container,
            origins: self.origins.clone(),
        })
    }

    /// Name and tag as one name.
    fn name(&self, court: &mut Court<'_>) -> Option<ImageName> {
        let (name, tag) = (self.recipe.name.as_ref()?, self.recipe.tag.as_ref()?);
        match format!("{name}:{tag}").parse() {
            Ok(name) => Some(name),
            Err(bad) => {
                let key = KeyPath::of(&["name"]);
                let bad: crate::types::BadValue = bad;
                let value = corten_document::literal(name.as_str());
                let expected = bad.expected;
                court.complain(&Problem::BadValue { key: key.clone(), value, expected }, &key, None);
                None
            }
        }
    }
}

fn decide_container(written: written::Container, accounts: &Accounts, court: &mut Court<'_>) -> Container {
    Container {
        entrypoint: written.entrypoint.unwrap_or_default(),
        command: written.command.unwrap_or_default(),
        environment: written.environment.unwrap_or_default(),
        user: written.user.map_or((0, 0), |user| decide_user(&user, accounts, court)),
        working_directory: written.working_directory.map_or_else(|| "/".into(), |path| path.to_string()),
        exposed_ports: written.exposed_ports.unwrap_or_default(),
        stop_signal: written.stop_signal,
        labels: written.labels.unwrap_or_default(),
    }
}

/// The numbers of a user and its group. A user that has a number and no name here has the group of its number.
fn decide_user(written: &ContainerUser, accounts: &Accounts, court: &mut Court<'_>) -> (u32, u32) {
    let key = KeyPath::of(&["container", "user"]);
    let (uid, gid) = match &written.user {
        Account::Number(number) => {
            let known = accounts.users.values().find(|user| user.uid == *number);
            (*number, known.map_or(*number, |user| user.gid))
        }
        Account::Name(name) => {
            let Some(user) = accounts.users.get(name) else {
                court.unresolved(&key, name.as_str(), accounts.users.keys().map(AccountName::as_str));
                return (0, 0);
            };
            (user.uid, user.gid)
        }
    };
    match &written.group {
        None => (uid, gid),
        Some(Account::Number(number)) => (uid, *number),
        Some(Account::Name(name)) => {
            let group = accounts.groups.get(name);
            if group.is_none() {
                court.unresolved(&key, name.as_str(), accounts.groups.keys().map(AccountName::as_str));
            }
            (uid, group.map_or(gid, |group| group.gid))
        }
    }
}
