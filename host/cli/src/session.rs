//! What most commands start with: a recipe, its plan, the archive, the lock.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use corten_archive::archive::{Archive, LockPolicy, Settings};
use corten_archive::fetch::Network;
use corten_archive::index::Extra;
use corten_archive::lock::{Lock, LockError};
use corten_archive::mirror::MirrorChoice;
use corten_archive::resolve::ResolveError;
use corten_archive::store::Store;
use corten_archive::tools::sets::{self, Set};
use corten_archive::tools::{ToolRoot, Tools};
use corten_recipe::plan::ExtraSuite;
use corten_recipe::{ContainerPlan, Diagnostic, HostLoader, Merged, MergedContainer, Plan, Step};

use crate::arguments::{ArchiveOptions, LockOptions};
use crate::exit::BadFile;
use crate::places;
use crate::planned::Planned;
use crate::progress::{Progress, counted};

/// A recipe and the archive that its packages come from.
pub struct Session<P = Plan> {
    /// The plan of the recipe.
    pub plan: P,
    /// Where its lock is, or will be.
    pub lock_path: PathBuf,
    /// The archive.
    pub archive: Archive,
}

/// Loads a recipe.
pub fn merged(recipe: &str) -> Result<Merged> {
    Ok(Merged::load(recipe, &HostLoader).map_err(BadFile::recipe)?)
}

/// Loads a recipe and plans it.
pub fn plan(recipe: &str) -> Result<Plan> {
    Ok(merged(recipe)?.plan().map_err(BadFile::recipe)?)
}

/// Loads a container recipe.
pub fn merged_container(recipe: &str) -> Result<MergedContainer> {
    Ok(MergedContainer::load(recipe, &HostLoader).map_err(BadFile::recipe)?)
}

/// Loads a container recipe and plans it.
pub fn container_plan(recipe: &str) -> Result<ContainerPlan> {
    Ok(merged_container(recipe)?.plan().map_err(BadFile::recipe)?)
}

impl Session {
    /// Loads a recipe and opens the archive that it names. Nothing is fetched yet.
    pub fn open(recipe: &str, options: &ArchiveOptions) -> Result<Self> {
        Self::of(plan(recipe)?, lock_path(recipe)?, options)
    }
}

impl Session<ContainerPlan> {
    /// Loads a container recipe and opens the archive that it names. Nothing is fetched yet.
    pub fn open_container(recipe: &str, options: &ArchiveOptions) -> Result<Self> {
        // Recipes of several images lie in one folder, so each has a lock of its own.
        Self::of(container_plan(recipe)?, Path::new(recipe).with_extension("lock"), options)
    }
}

impl<P: Planned> Session<P> {
    fn of(plan: P, lock_path: PathBuf, options: &ArchiveOptions) -> Result<Self> {
        let named = plan.userland().archive;
        let mut settings = settings(options, named.suite.as_str(), named.architecture.as_str())?;
        settings.components = named.components.iter().map(ToString::to_string).collect();
        settings.extra = named.extra_suites.iter().copied().map(extra).collect();
        let archive = Archive::open(settings)?;
        Ok(Self { plan, lock_path, archive })
    }

    /// The lock that a build takes, made or updated if that is asked for.
    pub fn lock(&self, options: &LockOptions, progress: &Progress) -> Result<Lock> {
        let policy = match (options.locked, options.update) {
            (true, _) => LockPolicy::Locked,
            (_, true) => LockPolicy::UpdateAll,
            _ => LockPolicy::Use,
        };
        self.lock_with(&policy, progress)
    }

    /// The lock by a policy. It is written when it differs from what is there.
    pub fn lock_with(&self, policy: &LockPolicy, progress: &Progress) -> Result<Lock> {
        let (existing, lock) = self.resolve(policy, progress)?;
        if existing.as_ref() != Some(&lock) {
            if let Some(folder) = self.lock_path.parent() {
                std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
            }
            lock.write(&self.lock_path)?;
            progress.line(&format!(
                "      lock  {} ({})",
                self.lock_path.display(),
                counted(lock.packages.len(), "package")
            ));
        }
        Ok(lock)
    }

    /// The lock that is there, and the one by a policy, which is written nowhere. One that can't be read is none where
    /// all of it would be replaced.
    pub fn resolve(&self, policy: &LockPolicy, progress: &Progress) -> Result<(Option<Lock>, Lock)> {
        let existing = match Lock::read(&self.lock_path) {
            Err(LockError::Syntax { .. } | LockError::TooLarge { .. })
                if *policy == LockPolicy::UpdateAll =>
            {
                None
            }
            read => read?,
        };
        let wanted: Vec<String> = self
            .plan
            .requests()
            .into_iter()
            .map(|(name, version)| {
                version.map_or_else(|| name.clone(), |version| format!("{name} ({version})"))
            })
            .collect();
        let lock =
            self.archive.lock_for(&wanted, existing.as_ref(), policy, &|event| progress.archive(event));
        Ok((existing, lock.map_err(|error| self.explain_archive(error))?))
    }

    /// Turns an error about a package that the recipe names into one that points at the place in it.
    fn explain_archive(&self, error: corten_archive::Error) -> anyhow::Error {
        let corten_archive::Error::Resolve(ResolveError::Unknown { name, suites, nearest }) = &error else {
            return error.into();
        };
        let message = format!("there is no package {name:?} in {suites}");
        let mut diagnostic = self.plan.diagnostic(self.plan.key_of(name), "recipe::packages", message);
        if !nearest.is_empty() {
            diagnostic = diagnostic.with_help(format!("did you mean {}?", nearest.join(" or ")));
        }
        BadFile::recipe(miette::Report::new(diagnostic)).into()
    }

    /// Turns an error of the builder that is about the recipe into one that points at the place in it.
    pub fn explain(&self, error: corten_image::Error) -> anyhow::Error {
        match diagnostic(&self.plan, error) {
            Ok(diagnostic) => BadFile::recipe(miette::Report::new(diagnostic)).into(),
            Err(other) => other.into(),
        }
    }
}

/// An error of the builder that is about the recipe as a complaint that points at the place in it, or the error.
fn diagnostic(plan: &impl Planned, error: corten_image::Error) -> Result<Diagnostic, corten_image::Error> {
    let corten_image::Error::Recipe { what, key, help } = error else { return Err(error) };
    let images = matches!(key.steps().first(), Some(Step::Key(first)) if first == "images");
    let code = if images { "recipe::images" } else { "recipe::packages" };
    let diagnostic = plan.diagnostic(key, code, what);
    Ok(match help {
        Some(help) => diagnostic.with_help(help),
        None => diagnostic,
    })
}

/// Opens the container images of a plan, and tells at once what is wrong with any of them: no package has to be there
/// for that.
pub fn open_images(plan: &Plan) -> Result<()> {
    let mut diagnostics = Vec::new();
    for error in corten_image::check_images(plan) {
        diagnostics.push(diagnostic(plan, error)?);
    }
    match diagnostics.len() {
        0 => Ok(()),
        1 => Err(BadFile::recipe(miette::Report::new(diagnostics.remove(0))).into()),
        _ => {
            let report = corten_recipe::Report::found(plan.name.as_str(), diagnostics);
            Err(BadFile::recipe(miette::Report::new(report)).into())
        }
    }
}

/// A set of tools from the archive, in the store.
pub fn tools(set: &Set, options: &ArchiveOptions, progress: &Progress) -> Result<ToolRoot> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let archive = Archive::open(settings(options, sets::SUITE, architecture)?)?;
    let tools = Tools::new(&archive, &places::data()?.join("tools"));
    Ok(tools.ensure(set.name, set.packages, &|event| progress.archive(event))?)
}

/// The store of this user.
pub fn open_store() -> Result<Store> {
    Ok(Store::open(&places::cache()?)?)
}

/// Every lock in the user's data directory.
pub fn user_locks() -> Result<Vec<PathBuf>> {
    let mut locks = Vec::new();
    for folder in ["locks", "tools"] {
        let folder = places::data()?.join(folder);
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "lock") {
                locks.push(path);
            }
        }
    }
    locks.sort();
    Ok(locks)
}

/// The lock of a recipe: corten.lock beside it, or in the user's data directory for a built-in one.
fn lock_path(recipe: &str) -> Result<PathBuf> {
    if corten_recipe::builtin_recipe(recipe).is_some() {
        return Ok(places::data()?.join("locks").join(format!("{recipe}.lock")));
    }
    let folder = Path::new(recipe).parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(folder.unwrap_or(Path::new(".")).join("corten.lock"))
}

fn extra(suite: ExtraSuite) -> Extra {
    match suite {
        ExtraSuite::Updates => Extra::Updates,
        ExtraSuite::Security => Extra::Security,
    }
}

fn settings(options: &ArchiveOptions, suite: &str, architecture: &str) -> Result<Settings> {
    let mut settings = Settings::new(places::cache()?, jiff::Timestamp::now(), suite, architecture);
    if let Some(main) = &options.mirror {
        settings.mirror =
            MirrorChoice::Given { main: main.clone(), security: options.security_mirror.clone() };
    }
    settings.keyring.clone_from(&options.keyring);
    if options.offline {
        settings.network = Network::Offline;
    }
    Ok(settings)
}
