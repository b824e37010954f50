//! Commit, roll back, activate: worked out as renames on the names that are there, and checked against the model of
//! the loader before anything happens.
//!
//! Which version boots is decided by counters alone. A staged version carries `+3`; commit removes the counter;
//! rolling back from a version gives it `+0`, and activating a version gives `+0` to those that the loader would take
//! before it. All of it is idempotent: done twice, the second time changes nothing.
//!
//! No boot image is ever removed here, so there is always one that the loader can start.

use crate::loader::next_boot;
use crate::name::{BootName, Digits, Tries};

/// One file that gets another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The name that it has.
    pub from: BootName,
    /// The name that it gets.
    pub to: BootName,
}

/// Why nothing can be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The version has no boot image.
    #[error("no boot image for the root hash {0}... on the EFI system partition")]
    Missing(Digits),
    /// The version has several, and which one runs can't be told.
    #[error("{0} boot images for the root hash {1}... on the EFI system partition: expected 1")]
    Several(usize, Digits),
    /// There is no other version, or none whose starts are not used up.
    #[error("no other version to go to: expected a boot image with starts left")]
    Alone,
    /// There is no other version that is committed and would be started.
    #[error("no committed version to go to")]
    NothingCommitted,
}

/// Declares a version good: its name loses the counter. `None` where it has none.
pub fn commit(entries: &[BootName], version: Digits) -> Result<Option<Rename>, ChangeError> {
    let own = own(entries, version)?;
    Ok(rename(own, None))
}

/// Makes another version the next one to boot, on trial or committed: this one's starts are used up.
pub fn roll_back(entries: &[BootName], from: Digits) -> Result<Option<Rename>, ChangeError> {
    let own = own(entries, from)?;
    let renamed = rename(own, Some(used_up(own)));
    match next_after(entries, renamed.as_ref()) {
        Some(next) if next.root != from && !next.is_last_resort() => Ok(renamed),
        _ => Err(ChangeError::Alone),
    }
}

/// The same for a version that fails by itself, with nobody there to look: only a committed version will do.
pub fn fall_back(entries: &[BootName], from: Digits) -> Result<(Option<Rename>, BootName), ChangeError> {
    let own = own(entries, from)?;
    let renamed = rename(own, Some(used_up(own)));
    match next_after(entries, renamed.as_ref()) {
        Some(next) if next.root != from && next.is_committed() => Ok((renamed, next)),
        _ => Err(ChangeError::NothingCommitted),
    }
}

/// Where starts of this version that fail lead in the end: the loader uses up those of one on trial, a committed one
/// gives way by [`fall_back`]. `None` where the loader would start the same version again.
pub fn after_failures(entries: &[BootName], version: Digits) -> Result<Option<BootName>, ChangeError> {
    let own = own(entries, version)?;
    if own.is_committed() {
        return Ok(fall_back(entries, version).ok().map(|(_, to)| to));
    }
    let next = next_after(entries, rename(own, Some(used_up(own))).as_ref());
    Ok(next.filter(|next| next.root != version))
}

/// Makes a staged version the next one to boot, on trial. The version gets its counter before others lose their
/// starts, so after each of the renames there is something to boot.
///
/// A version that is committed needs no trial and keeps its name; one with starts left keeps those.
pub fn activate(entries: &[BootName], version: Digits) -> Result<Vec<Rename>, ChangeError> {
    let own = own(entries, version)?;
    let mut entries = entries.to_vec();
    let mut renames = Vec::new();
    if own.is_last_resort() {
        renames.extend(rename(own, Some(Tries::STAGED)));
    }
    apply(&mut entries, renames.last());
    // Each turn uses up one entry that the loader prefers; there are fewer of these than entries.
    for _ in 0..entries.len() {
        let Some(next) = next_boot(&entries).filter(|next| next.root != version) else { break };
        let used_up = rename(next, Some(used_up(next)));
        apply(&mut entries, used_up.as_ref());
        renames.extend(used_up);
    }
    Ok(renames)
}

/// The one boot image of a version.
pub fn own(entries: &[BootName], version: Digits) -> Result<&BootName, ChangeError> {
    let mut found = entries.iter().filter(|entry| entry.root == version);
    let first = found.next().ok_or(ChangeError::Missing(version))?;
    match found.count() {
        0 => Ok(first),
        others => Err(ChangeError::Several(others.saturating_add(1), version)),
    }
}

fn rename(from: &BootName, tries: Option<Tries>) -> Option<Rename> {
    (from.tries != tries).then(|| Rename { from: from.clone(), to: from.with_tries(tries) })
}

/// No starts left; what was tried stays in the name.
fn used_up(name: &BootName) -> Tries {
    Tries { left: 0, done: name.tries.map_or(0, |tries| tries.done) }
}

fn next_after(entries: &[BootName], renamed: Option<&Rename>) -> Option<BootName> {
    let mut entries = entries.to_vec();
    apply(&mut entries, renamed);
    next_boot(&entries).cloned()
}

/// Does a rename on the names alone.
pub fn apply(entries: &mut [BootName], rename: Option<&Rename>) {
    if let Some(Rename { from, to }) = rename
        && let Some(entry) = entries.iter_mut().find(|entry| *entry == from)
    {
        entry.clone_from(to);
    }
}
