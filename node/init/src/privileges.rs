//! What a service may do, from the table to what the kernel is told, and the directories that are its own.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown,
};
use std::path::Path;

use corten_services::{Account, Capabilities, LimitName, NewPrivileges, OwnDirectory, Service};
use corten_sys::privileges::{Gains, Limit, LimitOf, Privileges, User};

/// O_DIRECTORY and O_NOFOLLOW of Linux on x86-64.
#[cfg(target_arch = "x86_64")]
const ONLY_A_DIRECTORY: i32 = 0o200_000 | 0o400_000;
#[cfg(target_arch = "aarch64")]
const ONLY_A_DIRECTORY: i32 = 0o40_000 | 0o100_000;

/// What a service may do.
pub fn of(service: &Service) -> Privileges {
    let Account { uid, gid, groups } = &service.account;
    let user = User { uid: *uid, gid: *gid, groups: groups.clone() };
    let limits = service.limits.iter().map(|(name, limit)| {
        let of = match name {
            LimitName::Core => LimitOf::Core,
            LimitName::Fsize => LimitOf::FileSize,
            LimitName::Memlock => LimitOf::LockedMemory,
            LimitName::Nofile => LimitOf::Descriptors,
            LimitName::Nproc => LimitOf::Processes,
            LimitName::Stack => LimitOf::Stack,
        };
        Limit { of, soft: limit.soft, hard: limit.hard }
    });
    Privileges {
        user: Some(user),
        // Root that keeps all keeps also what a newer kernel has beyond the names that are known here.
        capabilities: match (service.capabilities, uid) {
            (Capabilities::All, 0) => None,
            (kept, _) => Some(kept.bits()),
        },
        gains: match service.new_privileges {
            NewPrivileges::Never => Gains::None,
            NewPrivileges::ByFile => Gains::ByFile,
        },
        limits: limits.collect(),
        umask: Some(service.umask),
        oom_score: Some(service.oom_score),
    }
}

/// Makes the directories of a service, or gives those that are there to it. What lies in them stays as it is.
pub fn make_directories(service: &Service) -> Result<(), String> {
    service.directories.iter().try_for_each(|directory| {
        make(directory, &service.account).map_err(|error| format!("{}: {error}", directory.path))
    })
}

fn make(directory: &OwnDirectory, account: &Account) -> io::Result<()> {
    let path = Path::new(&directory.path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // By descriptor, and never through a link: what has that name may have been put there by somebody else.
    let open = File::options().read(true).custom_flags(ONLY_A_DIRECTORY).open(path)?;
    let there = open.metadata()?;
    if (there.uid(), there.gid()) != (account.uid, account.gid) {
        fchown(&open, Some(account.uid), Some(account.gid))?;
    }
    if there.mode() & 0o7777 != directory.mode {
        open.set_permissions(Permissions::from_mode(directory.mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> Service {
        Service::new("web", vec!["/usr/bin/web".into()], 10)
    }

    #[test]
    fn root_keeps_what_it_has_and_others_only_what_is_named() {
        let root = of(&service());
        assert_eq!((root.capabilities, root.gains), (None, Gains::None));
        let account = Account { uid: 900, gid: 900, groups: vec![901] };
        let other = of(&Service { account, capabilities: Capabilities::NONE, ..service() });
        assert_eq!(other.capabilities, Some(0));
        assert_eq!(other.user, Some(User { uid: 900, gid: 900, groups: vec![901] }));
    }

    #[test]
    fn a_directory_is_made_with_its_mode_and_a_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = fs::metadata(folder.path()).expect("it is there");
        let account = Account { uid: own.uid(), gid: own.gid(), groups: Vec::new() };
        let at = |name: &str| folder.path().join(name).display().to_string();
        let make = |name: &str| {
            let directories = vec![OwnDirectory { path: at(name), mode: 0o750 }];
            make_directories(&Service { directories, account: account.clone(), ..service() })
        };
        assert_eq!(make("lib/web"), Ok(()));
        assert_eq!(make("lib/web"), Ok(()), "a second start");
        let mode = fs::metadata(at("lib/web")).expect("it was made").mode();
        assert_eq!(mode & 0o7777, 0o750);
        std::os::unix::fs::symlink("/etc", at("link")).expect("a link");
        assert!(make("link").is_err());
    }
}
