//! `corten lock`.

use anyhow::Result;
use corten_archive::archive::LockPolicy;

use crate::arguments::LockArguments;
use crate::exit::Exit;
use crate::output::put;
use crate::progress::Progress;
use crate::session::Session;

/// Runs the command.
pub fn lock(arguments: &LockArguments) -> Result<Exit> {
    let progress = Progress::new();
    let session = Session::open(&arguments.recipe, &arguments.archive)?;
    let policy = match &arguments.update {
        None => LockPolicy::Use,
        Some(names) if names.is_empty() => LockPolicy::UpdateAll,
        Some(names) => LockPolicy::Update(names.clone()),
    };
    let lock = session.lock_with(&policy, &progress)?;
    progress.finish();
    put(&format!("{}: {} packages\n", session.lock_path.display(), lock.packages.len()))?;
    Ok(Exit::Done)
}
