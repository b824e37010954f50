//! As whom a service runs and what it may do: names become numbers, and what was left open is decided.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};
use corten_services::{
    Account, Capabilities, LimitName, Limits, Maintenance, NewPrivileges, OwnDirectory, Requests, Resources,
    Restart, Service,
};

use super::accounts::Accounts;
use crate::types::{AccountName, CapabilityName, DirectoryName, Mode, Size};
use crate::written;

/// Everything of a service that is not about what it runs and when.
pub(super) fn decide(
    service: Service,
    written: &written::Service,
    accounts: &Accounts,
    court: &mut Court<'_>,
) -> Service {
    let key = KeyPath::of(&["services", &service.name]);
    let account = account(written, &key, accounts, court);
    Service {
        restart: match written.restart {
            Some(written::Restart::Never) => Restart::Never,
            Some(written::Restart::OnFailure) => Restart::OnFailure,
            Some(written::Restart::Always) | None => Restart::Always,
        },
        capabilities: capabilities(written, account.uid, &key, court),
        new_privileges: match written.new_privileges {
            Some(written::NewPrivileges::ByFile) => NewPrivileges::ByFile,
            Some(written::NewPrivileges::Never) | None => NewPrivileges::Never,
        },
        limits: written.limits.as_ref().map(limits).unwrap_or_default(),
        resources: resources(written.resources.unwrap_or_default(), &key, court),
        working_directory: written.working_directory.as_ref().map_or("/", |path| path.as_str()).into(),
        umask: written.umask.map_or(service.umask, |mask| mask.bits().into()),
        oom_score: written.oom_score.unwrap_or(0),
        directories: written.directories.as_ref().map(directories).unwrap_or_default(),
        requests: match written.requests {
            Some(written::Requests::Everything) => Requests::Everything,
            Some(written::Requests::Nothing) | None => Requests::Nothing,
        },
        maintenance: match written.maintenance {
            Some(written::Maintenance::Runs) => Maintenance::Runs,
            Some(written::Maintenance::Stopped) | None => Maintenance::Stopped,
        },
        account,
        ..service
    }
}

fn account(written: &written::Service, key: &KeyPath, accounts: &Accounts, court: &mut Court<'_>) -> Account {
    let mut account = Account::default();
    if let Some(name) = &written.user {
        match accounts.users.get(name) {
            Some(user) => account = Account { uid: user.uid, gid: user.gid, groups: Vec::new() },
            None => court.unresolved(
                &key.key("user"),
                name.as_str(),
                accounts.users.keys().map(AccountName::as_str),
            ),
        }
    }
    let mut number = |name: &AccountName, key: &KeyPath| {
        let found = accounts.groups.get(name).map(|group| group.gid);
        if found.is_none() {
            court.unresolved(key, name.as_str(), accounts.groups.keys().map(AccountName::as_str));
        }
        found
    };
    if let Some(gid) = written.group.as_ref().and_then(|name| number(name, &key.key("group"))) {
        account.gid = gid;
    }
    let groups = written.groups.iter().flatten().enumerate();
    account.groups = groups.filter_map(|(n, name)| number(name, &key.key("groups").item(n))).collect();
    account
}

fn capabilities(written: &written::Service, uid: u32, key: &KeyPath, court: &mut Court<'_>) -> Capabilities {
    let names = written.capabilities.as_ref().map(|names| names.iter().map(CapabilityName::as_str));
    let Some(names) = names else {
        return if uid == 0 { Capabilities::All } else { Capabilities::NONE };
    };
    // The names were checked when they were read.
    let set = Capabilities::of(names).unwrap_or(Capabilities::NONE);
    if set == Capabilities::All && uid != 0 {
        let message = "a service that keeps all capabilities is root in all but name".into();
        let help = "name those that it needs, or leave out `user`".to_owned();
        court.complain(&Problem::Conflict(message), &key.key("capabilities"), Some(help));
    }
    set
}

fn limits(written: &written::Limits) -> Limits {
    let named = [
        (LimitName::Core, written.core),
        (LimitName::Fsize, written.fsize),
        (LimitName::Memlock, written.memlock),
        (LimitName::Nofile, written.nofile),
        (LimitName::Nproc, written.nproc),
        (LimitName::Stack, written.stack),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name, value?.0))).collect()
}

fn resources(written: written::Resources, key: &KeyPath, court: &mut Court<'_>) -> Resources {
    if let (Some(high), Some(max)) = (written.memory_high, written.memory_max)
        && high > max
    {
        let key = key.key("resources");
        let message = "`memory-high` is above `memory-max`, so it would never count".into();
        court.conflict(message, &key.key("memory-high"), ("the other is here", &key.key("memory-max")));
    }
    Resources {
        memory_max: written.memory_max.map(Size::bytes),
        memory_high: written.memory_high.map(Size::bytes),
        pids_max: written.pids_max.map(u64::from),
        cpu_weight: written.cpu_weight.map(u64::from),
        startup_cpu_weight: written.startup_cpu_weight.map(|weight| weight.0),
        io_weight: written.io_weight.map(u64::from),
    }
}

/// Sockets are reached by others, and protect themselves by their own mode; everything else is the service's alone.
fn directories(written: &written::Directories) -> Vec<OwnDirectory> {
    let open = Mode::DIRECTORY.bits();
    let all: [(&str, &Option<Vec<DirectoryName>>, u16); 4] = [
        ("/run", &written.runtime, open),
        ("/var/lib", &written.state, 0o700),
        ("/var/cache", &written.cache, 0o700),
        ("/var/log", &written.log, 0o700),
    ];
    let of = |(above, names, mode): (&str, &Option<Vec<DirectoryName>>, u16)| -> Vec<OwnDirectory> {
        let names = names.iter().flatten();
        names.map(|name| OwnDirectory { path: format!("{above}/{name}"), mode: mode.into() }).collect()
    };
    all.into_iter().flat_map(of).collect()
}

/// Two services that both own a directory would take it from each other at every start.
pub(super) fn check_owners(services: &[Service], court: &mut Court<'_>) {
    let mut owners: BTreeMap<&str, &Service> = BTreeMap::new();
    for service in services {
        for directory in &service.directories {
            let Some(other) = owners.insert(&directory.path, service) else { continue };
            if (other.account.uid, other.account.gid) != (service.account.uid, service.account.gid) {
                let path = &directory.path;
                let message = format!(
                    "{path} belongs to both `{}` and `{}`, which run as different users",
                    other.name, service.name
                );
                let key = KeyPath::of(&["services", &service.name, "directories"]);
                let there = KeyPath::of(&["services", &other.name, "directories"]);
                court.conflict(message, &key, ("the other is here", &there));
            }
        }
    }
}
