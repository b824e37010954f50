//! The services of a node: what runs, after what, as whom, and how its readiness is found out.

mod capabilities;
mod limits;
mod service;

use std::collections::{BTreeMap, BTreeSet};

pub use capabilities::{Capabilities, UnknownCapability};
pub use limits::{Limit, LimitName, Limits, Resources, StartupWeight};
use serde::{Deserialize, Serialize};
pub use service::{
    Account, Kill, Maintenance, NewPrivileges, OwnDirectory, ReadyBy, Requests, Restart, Service, Start,
};

/// Where the table lies in the root image.
pub const SERVICES_PATH: &str = "/usr/lib/corten/services.json";

/// All services of a node, in an order in which each comes after those that it waits for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// The services.
    pub services: Vec<Service>,
}

/// What is wrong with a table of services.
#[derive(Debug, PartialEq, Eq)]
pub enum ServicesError {
    /// Not a name of the allowed form.
    Name(String),
    /// Two services have this name.
    Twice(String),
    /// The program is missing or is not an absolute path.
    Exec(String),
    /// A service waits for one that does not exist: service, then what it names.
    After(String, String),
    /// These services wait for one another.
    Cycle(Vec<String>),
}

impl std::fmt::Display for ServicesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => {
                write!(f, "{name:?} is not a service name: expected 1 to 64 of a-z, 0-9 and -")
            }
            Self::Twice(name) => write!(f, "two services are named {name:?}"),
            Self::Exec(name) => {
                write!(f, "service {name:?}: expected the absolute path of a program in exec")
            }
            Self::After(name, missing) => {
                write!(f, "service {name:?} starts after {missing:?}, which does not exist")
            }
            Self::Cycle(names) => write!(f, "services wait for one another: {}", names.join(", ")),
        }
    }
}

impl std::error::Error for ServicesError {}

impl Services {
    /// Checks names and dependencies and puts the services into an order in which they can start; of services that
    /// do not depend on each other, those that have less of the processor at the start come later, then it goes by name.
    pub fn ordered(services: Vec<Service>) -> Result<Self, ServicesError> {
        let mut left: BTreeMap<String, Service> = BTreeMap::new();
        for service in services {
            let name_ok = (1..=64).contains(&service.name.len())
                && service.name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
            if !name_ok {
                return Err(ServicesError::Name(service.name));
            }
            let programs = [service.exec.first(), service.ready.first()];
            if service.exec.is_empty()
                || programs.into_iter().flatten().any(|program| !program.starts_with('/'))
            {
                return Err(ServicesError::Exec(service.name));
            }
            if let Some(twice) = left.insert(service.name.clone(), service) {
                return Err(ServicesError::Twice(twice.name));
            }
        }
        for service in left.values() {
            if let Some(missing) = service.after.iter().find(|name| !left.contains_key(*name)) {
                return Err(ServicesError::After(service.name.clone(), missing.clone()));
            }
        }
        let mut done = BTreeSet::new();
        let mut ordered = Vec::with_capacity(left.len());
        while !left.is_empty() {
            let can_start =
                left.values().filter(|service| service.after.iter().all(|name| done.contains(name)));
            let next = can_start.min_by_key(|service| service.resources.startup_cpu_weight.is_some());
            let Some(name) = next.map(|service| service.name.clone()) else {
                return Err(ServicesError::Cycle(left.into_keys().collect()));
            };
            ordered.extend(left.remove(&name));
            done.insert(name);
        }
        Ok(Self { services: ordered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, after: &[&str]) -> Service {
        let after = after.iter().map(ToString::to_string).collect();
        Service { after, ..Service::new(name, vec!["/usr/bin/true".into()], 10) }
    }

    #[test]
    fn what_yields_at_the_start_starts_later() {
        let mut yields = service("a", &[]);
        yields.resources.startup_cpu_weight = Some(StartupWeight::Idle);
        let table =
            Services::ordered(vec![yields, service("b", &[]), service("c", &["a"]), service("d", &[])]);
        let names: Vec<_> = table.expect("an order exists").services.into_iter().map(|s| s.name).collect();
        assert_eq!(names, ["b", "d", "a", "c"]);
    }

    #[test]
    fn services_start_after_those_that_they_wait_for() {
        let table = Services::ordered(vec![service("a", &["z"]), service("m", &[]), service("z", &["m"])]);
        let names: Vec<_> = table.expect("an order exists").services.into_iter().map(|s| s.name).collect();
        assert_eq!(names, ["m", "z", "a"]);
    }

    #[test]
    fn a_cycle_and_a_missing_service_are_named() {
        let cycle = Services::ordered(vec![service("a", &["b"]), service("b", &["a"])]);
        assert_eq!(cycle, Err(ServicesError::Cycle(vec!["a".into(), "b".into()])));
        let missing = Services::ordered(vec![service("a", &["b"])]);
        assert_eq!(missing, Err(ServicesError::After("a".into(), "b".into())));
    }
}
