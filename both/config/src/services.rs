//! The services of a node: what runs, after what, and how its readiness is found out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Where the table lies in the root image.
pub const SERVICES_PATH: &str = "/usr/lib/corten/services.json";

/// What is stopped together with the main process of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kill {
    /// The main process alone. For containerd, whose shims outlive it.
    Process,
    /// Everything in the cgroup of the service.
    #[default]
    Group,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Name, unique in the table: `[a-z0-9-]`, 64 bytes at most. Also the name of its cgroup.
    pub name: String,
    /// Absolute path of the program, and its arguments.
    pub exec: Vec<String>,
    /// The whole environment of the program.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Services that are ready before this one starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
    /// A program that waits until the service answers and exits 0 then, printing one line about what it found.
    /// Without it the service counts as ready once its program was executed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<String>,
    /// What a stop of the service ends.
    #[serde(default)]
    pub kill: Kill,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_seconds: u32,
}

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
    /// Checks names and dependencies and puts the services into an order in which they can start; services that
    /// do not depend on each other stand by name.
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
            let next = left.values().find(|service| service.after.iter().all(|name| done.contains(name)));
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
        Service {
            name: name.into(),
            exec: vec!["/usr/bin/true".into()],
            environment: BTreeMap::new(),
            after: after.iter().map(ToString::to_string).collect(),
            ready: Vec::new(),
            kill: Kill::Group,
            stop_seconds: 10,
        }
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
