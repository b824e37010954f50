//! `corten store`.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use corten_archive::lock::Lock;
use corten_archive::store::gc::Keep;
use corten_archive::store::verify::Damaged;

use crate::arguments::StoreCommand;
use crate::exit::Exit;
use crate::output::put;
use crate::places;
use crate::progress::size;
use crate::session::{open_store, user_locks};

/// What was fetched so recently is kept: another build may be about to use it.
const RECENT: Duration = Duration::from_hours(1);

/// Runs the command.
pub fn store(command: &StoreCommand) -> Result<Exit> {
    let mut store = open_store()?;
    match command {
        StoreCommand::Path => {
            put(&format!("{}\n", store.path().display()))?;
        }
        StoreCommand::Verify => {
            let found = store.verify(Damaged::Remove)?;
            let mut text = String::new();
            for path in &found.damaged {
                let _ = writeln!(text, "damaged, removed: {}", path.display());
            }
            let (bytes, damaged) = (size(found.bytes), found.damaged.len());
            put(&format!("{text}{} files, {bytes}, {damaged} damaged\n", found.files))?;
            if !found.damaged.is_empty() {
                return Ok(Exit::Verification);
            }
        }
        StoreCommand::Gc { lock } => {
            let mut keep = Keep::younger_than(RECENT, SystemTime::now());
            for path in user_locks()?.iter().chain(lock) {
                let lock = Lock::read(path)?.with_context(|| format!("{}: no such lock", path.display()))?;
                keep = keep.and_lock(&lock);
            }
            let collected = store.collect(&keep)?;
            let derived = places::cache()?.join("derived");
            if derived.exists() {
                std::fs::remove_dir_all(&derived)?;
            }
            put(&format!(
                "removed {} files, {}, and what builds keep; kept {}\n",
                collected.removed,
                size(collected.removed_bytes),
                collected.kept
            ))?;
        }
    }
    Ok(Exit::Done)
}
