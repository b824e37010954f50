//! The folder of an owner: made once, and what certificates are issued from.

use std::path::{Path, PathBuf};

use corten_api::identity::{Address, Authority, Identity, IssueError, Name};
use corten_api::role::Role;
use jiff::Timestamp;

use crate::draft::{Draft, check_free};
use crate::error::KeysError;
use crate::files::{Existing, sync_folder};
use crate::pair::Pair;

/// Days that an authority is valid unless its owner says otherwise: what it takes to replace one, every node has to
/// learn of the next.
pub const AUTHORITY_DAYS: u32 = 3_650;
/// Days that a client's certificate is valid unless the owner says otherwise: a new one takes one command.
pub const ADMIN_DAYS: u32 = 365;
const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// A folder with the keys of an owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFolder(PathBuf);

impl KeyFolder {
    /// The folder at this path. Nothing is read.
    pub fn new(path: &Path) -> Self {
        Self(path.into())
    }

    /// Makes the folder: an authority that is valid for so many days, an administrator's certificate, and keys that
    /// sign images, all under the owner's name.
    pub fn make(path: &Path, owner: &Name, now: Timestamp, days: u32) -> Result<Self, KeysError> {
        // Before seconds go into making keys that have no place.
        check_free(path)?;
        let authority = Authority::generate(owner, now.as_second(), days)?;
        let admin = authority.client(owner, Role::Admin, now.as_second(), days.min(ADMIN_DAYS))?;
        let images = corten_sign::keys::generate(owner.as_str(), now)?;
        let enrolment = corten_sign::keys::enrolment(&images, now)?;

        let draft = Draft::begin(path)?;
        let folder = Self::new(draft.path());
        folder.authority_files().put(authority.identity(), Existing::Stays)?;
        folder.admin_files().put(&admin, Existing::Stays)?;
        folder.secure_boot().write(&images, &enrolment)?;
        sync_folder(&folder.secure_boot_path())?;
        draft.finish()?;
        Ok(Self::new(path))
    }

    /// Files of the authority.
    pub fn authority_files(&self) -> Pair {
        Pair::new(&self.0, "authority")
    }

    /// Files of the administrator.
    pub fn admin_files(&self) -> Pair {
        Pair::new(&self.0, "admin")
    }

    /// Folder of the keys that sign images.
    pub fn secure_boot_path(&self) -> PathBuf {
        self.0.join("secure-boot")
    }

    /// The keys that sign images.
    pub fn secure_boot(&self) -> corten_sign::KeyFolder {
        corten_sign::KeyFolder::new(&self.secure_boot_path())
    }

    /// Reads the authority.
    pub fn authority(&self) -> Result<Authority, KeysError> {
        let files = self.authority_files();
        Authority::read(files.read()?)
            .map_err(|source| KeysError::Authority { path: files.certificate, source })
    }

    /// Issues a certificate for a person or program, and writes it into a folder, which is made if need be.
    pub fn issue(
        &self,
        (name, role): (&Name, Role),
        now: Timestamp,
        days: u32,
        output: &Path,
    ) -> Result<Pair, KeysError> {
        let files = Pair::named(output, name)?;
        files.check_free()?;
        let identity = self.authority()?.client(name, role, now.as_second(), days)?;
        crate::files::make_folder(output)?;
        files.write(&identity)?;
        sync_folder(output)?;
        Ok(files)
    }

    /// Issues a certificate for a node: what [`crate::machine_configuration`] writes. Without days it is valid as
    /// long as the authority.
    pub fn node(
        &self,
        name: &Name,
        addresses: &[Address],
        now: Timestamp,
        days: Option<u32>,
    ) -> Result<(Authority, Identity), KeysError> {
        let authority = self.authority()?;
        let identity = node_of(&authority, name, addresses, now, days)?;
        Ok((authority, identity))
    }
}

/// A node's certificate that is valid for so many days, or as long as the authority.
pub(crate) fn node_of(
    authority: &Authority,
    name: &Name,
    addresses: &[Address],
    now: Timestamp,
    days: Option<u32>,
) -> Result<Identity, IssueError> {
    let left = (authority.certificate().not_after - now.as_second()).div_euclid(SECONDS_A_DAY);
    // Of an authority that has ended a day is asked for, which is then refused with the reason.
    let days = days.unwrap_or_else(|| left.max(1).try_into().unwrap_or(corten_api::identity::MAX_DAYS));
    authority.node(name, addresses, now.as_second(), days)
}
