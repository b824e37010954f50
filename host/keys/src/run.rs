//! The keys of `corten run`: an authority and an administrator that last as long as the folder of the user's data, so
//! that a node that is run again knows its owner. They are made and renewed without being asked for.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use corten_api::identity::{Address, Authority, Identity, Name};
use corten_api::role::Role;
use corten_api::tls::check_client;
use jiff::Timestamp;
use zeroize::Zeroizing;

use crate::error::KeysError;
use crate::files::{Existing, make_folder, sync_folder};
use crate::folder::{ADMIN_DAYS, AUTHORITY_DAYS, KeyFolder, node_of};
use crate::pair::Pair;

/// Who they say that they are.
const NAME: &str = "corten-run";
/// Seconds that a certificate has to be valid still: longer than a node runs on somebody's desk without a new start.
const LEAST: i64 = 24 * 60 * 60;

/// The keys of `corten run`.
#[derive(Debug)]
pub struct RunKeys {
    authority: Authority,
    admin: Identity,
    files: Pair,
    now: Timestamp,
}

impl RunKeys {
    /// Reads the keys in a folder. What is missing, damaged or valid for less than a day is made anew; of two that
    /// do this at a time, one waits for the other.
    pub fn load_or_make(folder: &Path, now: Timestamp) -> Result<Self, KeysError> {
        make_folder(folder)?;
        let lock = folder.join("lock");
        let locked = || {
            let file = File::options().create(true).truncate(false).write(true).open(&lock)?;
            file.set_permissions(Permissions::from_mode(0o600))?;
            file.lock()?;
            Ok(file)
        };
        let _locked = locked().map_err(KeysError::file(&lock))?;

        let name = NAME.parse().expect("it is short and printable");
        let keys = KeyFolder::new(folder);
        let authority = authority(&keys.authority_files(), &name, now)?;
        let admin = admin(&keys.admin_files(), &authority, &name, now)?;
        sync_folder(folder)?;
        Ok(Self { authority, admin, files: keys.admin_files(), now })
    }

    /// Certificate of the authority, PEM: what the node trusts, and what its client knows it by.
    pub fn authority(&self) -> &str {
        &self.authority.identity().chain
    }

    /// What the node is called with.
    pub fn admin(&self) -> &Identity {
        &self.admin
    }

    /// Files of the administrator's certificate and key.
    pub fn admin_files(&self) -> &Pair {
        &self.files
    }

    /// A certificate for a node that is run, valid as long as the authority.
    pub fn node_certificate(&self, name: &Name, addresses: &[Address]) -> Result<Identity, KeysError> {
        Ok(node_of(&self.authority, name, addresses, self.now, None)?)
    }

    /// The table `[api]` of the machine configuration of a node that is run.
    pub fn machine_configuration(&self, node: &Identity) -> Zeroizing<String> {
        crate::machine_configuration(&self.authority, node)
    }
}

fn authority(files: &Pair, name: &Name, now: Timestamp) -> Result<Authority, KeysError> {
    let lasts = |identity| {
        let authority = Authority::read(identity).ok()?;
        let validity = authority.certificate();
        let until = validity.not_after.saturating_sub(LEAST);
        (validity.not_before..until).contains(&now.as_second()).then_some(authority)
    };
    if let Some(authority) = usable(files, lasts)? {
        return Ok(authority);
    }
    let authority = Authority::generate(name, now.as_second(), AUTHORITY_DAYS)?;
    files.put(authority.identity(), Existing::Replaced)?;
    Ok(authority)
}

fn admin(files: &Pair, authority: &Authority, name: &Name, now: Timestamp) -> Result<Identity, KeysError> {
    let trusted = [authority.identity().chain.clone()];
    let lasts = |admin: Identity| {
        let is_let_in =
            |at| check_client(&admin.chain, &trusted, at).is_ok_and(|client| client.role == Role::Admin);
        let lasts = [now.as_second(), now.as_second() + LEAST].into_iter().all(is_let_in);
        (lasts && admin.check().is_ok()).then_some(admin)
    };
    if let Some(admin) = usable(files, lasts)? {
        return Ok(admin);
    }
    // An authority that ends sooner ends this too.
    let left = (authority.certificate().not_after - now.as_second()).div_euclid(LEAST);
    let days = left.clamp(1, i64::from(ADMIN_DAYS)) as u32;
    let admin = authority.client(name, Role::Admin, now.as_second(), days)?;
    files.put(&admin, Existing::Replaced)?;
    Ok(admin)
}

/// What can be made of two files; `None` where they are not there, or are of no use.
fn usable<T>(files: &Pair, make: impl FnOnce(Identity) -> Option<T>) -> Result<Option<T>, KeysError> {
    match files.read() {
        Ok(identity) => Ok(make(identity)),
        Err(KeysError::File { source, .. })
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData) =>
        {
            Ok(None)
        }
        Err(why) => Err(why),
    }
}
