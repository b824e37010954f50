//! Boot images on a live EFI system partition. The kernel never mounts it: every change is one rename or one new
//! file by the FAT code of ours, with its order of writes and flushes, so a power cut leaves it done or not done.

use corten_formats::device::BlockDevice;
use corten_formats::fat::{EntryKind, FatError, Timestamp, Volume, Writer};

use crate::change::{self, ChangeError, Rename};
use crate::loader::next_boot;
use crate::name::{BootName, Digits, Tries};

/// Where the loader looks for boot images.
pub const FOLDER: &str = "EFI/Linux";
/// What the name of a staged boot image ends in, which the loader does not look at.
const STAGED: &str = ".staged";

/// An EFI system partition that is open for changes.
#[derive(Debug)]
pub struct Esp<D>(Writer<D>);

/// Why nothing was changed, or what went wrong on the way.
#[derive(Debug, thiserror::Error)]
pub enum EspError {
    /// The volume.
    #[error("EFI system partition: {0}")]
    Fat(#[from] FatError),
    /// The boot images on it.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The version to go to is not on the disk.
    #[error("{0} has no root that is whole on this disk")]
    NoRoot(BootName),
}

/// Whether the root that a boot image names is on the disk.
pub type HasRoot<'a, D> = &'a dyn Fn(&Volume<D>, &BootName) -> bool;

/// Whether anything had to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A name was changed.
    Changed,
    /// All was as it should be.
    AsItWas,
}

/// The boot images that the loader sees, in the order of the directory. Files of other names are none of ours.
pub fn entries<D: BlockDevice>(volume: &Volume<D>) -> Result<Vec<BootName>, FatError> {
    let files = volume.list(FOLDER)?.into_iter().filter(|entry| entry.kind == EntryKind::File);
    Ok(files.filter_map(|entry| entry.name.parse().ok()).collect())
}

/// Path of a boot image.
pub fn path(name: &BootName) -> String {
    format!("{FOLDER}/{name}")
}

impl<D: BlockDevice> Esp<D> {
    /// Opens the partition, and finishes what a power cut interrupted.
    pub fn open(device: D) -> Result<Self, EspError> {
        Ok(Self(Writer::open(device)?))
    }

    /// The boot images that the loader sees.
    pub fn entries(&self) -> Result<Vec<BootName>, EspError> {
        Ok(entries(self.0.volume())?)
    }

    /// The volume as it is now.
    pub fn volume(&self) -> &Volume<D> {
        self.0.volume()
    }

    /// Gives the device back.
    pub fn finish(self) -> Result<D, EspError> {
        Ok(self.0.finish()?)
    }

    /// Declares a version good.
    pub fn commit(&mut self, version: Digits) -> Result<Outcome, EspError> {
        let change = change::commit(&self.entries()?, version)?;
        self.apply(change)
    }

    /// Makes the other version the next one to boot.
    pub fn roll_back(&mut self, from: Digits) -> Result<Outcome, EspError> {
        let change = change::roll_back(&self.entries()?, from)?;
        self.apply(change)
    }

    /// Makes the other committed version the next one to boot, if its root is on the disk. Returns its name.
    pub fn fall_back(&mut self, from: Digits, has_root: HasRoot<'_, D>) -> Result<BootName, EspError> {
        let (change, to) = change::fall_back(&self.entries()?, from)?;
        if !has_root(self.volume(), &to) {
            return Err(EspError::NoRoot(to));
        }
        self.apply(change)?;
        Ok(to)
    }

    /// Writes the boot image of a version without making it bootable. One that is there already is kept: a name says
    /// what it holds, and it appears only when it is whole.
    pub fn stage(&mut self, name: &BootName, image: &[u8], time: Timestamp) -> Result<Outcome, EspError> {
        if self.entries()?.iter().any(|entry| entry.id() == name.id()) {
            return Ok(Outcome::AsItWas);
        }
        match self.0.write_file(&format!("{FOLDER}/{}", staged(name)), image, time) {
            Ok(()) => Ok(Outcome::Changed),
            Err(FatError::Exists(_)) => Ok(Outcome::AsItWas),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a version the next one to boot, on trial: gives a staged one its name, and takes the starts of those
    /// that the loader prefers.
    pub fn activate(&mut self, name: &BootName) -> Result<Outcome, EspError> {
        let mut outcome = Outcome::AsItWas;
        let entries = self.entries()?;
        let known = entries.iter().any(|entry| entry.id() == name.id());
        if !known {
            let on_trial = name.with_tries(Some(Tries::STAGED));
            self.0.rename(&format!("{FOLDER}/{}", staged(name)), &on_trial.to_string())?;
            outcome = Outcome::Changed;
        }
        for change in change::activate(&self.entries()?, name.root)? {
            outcome = self.apply(Some(change))?;
        }
        Ok(outcome)
    }

    /// Removes the boot images of all versions but one, which has to be there.
    pub fn remove_others(&mut self, version: Digits) -> Result<Outcome, EspError> {
        let entries = self.entries()?;
        change::own(&entries, version)?;
        let mut outcome = Outcome::AsItWas;
        for entry in entries.iter().filter(|entry| entry.root != version) {
            self.0.remove(&path(entry))?;
            outcome = Outcome::Changed;
        }
        Ok(outcome)
    }

    /// The boot image that the loader starts next.
    pub fn next_boot(&self) -> Result<Option<BootName>, EspError> {
        Ok(next_boot(&self.entries()?).cloned())
    }

    fn apply(&mut self, change: Option<Rename>) -> Result<Outcome, EspError> {
        let Some(Rename { from, to }) = change else { return Ok(Outcome::AsItWas) };
        self.0.rename(&path(&from), &to.to_string())?;
        Ok(Outcome::Changed)
    }
}

fn staged(name: &BootName) -> String {
    format!("{}{STAGED}", name.with_tries(None))
}
