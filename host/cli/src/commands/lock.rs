//! `corten lock`.

use anyhow::Result;
use corten_archive::archive::LockPolicy;
use corten_recipe::{HostLoader, RecipeKind, recipe_kind};

use crate::arguments::LockArguments;
use crate::exit::Exit;
use crate::output::put;
use crate::planned::Planned;
use crate::progress::{Progress, counted};
use crate::session::Session;

/// Runs the command.
pub fn lock(arguments: &LockArguments) -> Result<Exit> {
    match recipe_kind(&arguments.recipe, &HostLoader) {
        RecipeKind::System => write(&Session::open(&arguments.recipe, &arguments.archive)?, arguments),
        RecipeKind::Container => {
            write(&Session::open_container(&arguments.recipe, &arguments.archive)?, arguments)
        }
    }
}

fn write<P: Planned>(session: &Session<P>, arguments: &LockArguments) -> Result<Exit> {
    let progress = Progress::new();
    let policy = match &arguments.update {
        None => LockPolicy::Use,
        Some(names) if names.is_empty() => LockPolicy::UpdateAll,
        Some(names) => LockPolicy::Update(names.clone()),
    };
    let lock = session.lock_with(&policy, &progress)?;
    progress.finish();
    put(&format!("{}: {}\n", session.lock_path.display(), counted(lock.packages.len(), "package")))?;
    Ok(Exit::Done)
}
