//! The table of services, from the recipe's.

use corten_document::{Court, KeyPath, Problem};
use corten_services::{Kill, ReadyBy, Service, Services, ServicesError, Start};

use super::accounts::Accounts;
use super::confinement;
use crate::types::{ServiceName, Text};
use crate::written;

/// Seconds between SIGTERM and SIGKILL where a recipe says nothing. Long enough to write state to a slow disk.
const STOP_SECONDS: u32 = 30;

/// Checks the services and puts them in order.
pub(super) fn decide(recipe: &written::Recipe, accounts: &Accounts, court: &mut Court<'_>) -> Services {
    let empty = std::collections::BTreeMap::new();
    let written = recipe.services.as_ref().unwrap_or(&empty);
    let mut services = Vec::with_capacity(written.len());
    let mut sound = true;
    for (name, service) in written {
        let key = KeyPath::of(&["services", name.as_str()]);
        let after = service.after.as_deref().unwrap_or_default();
        for (n, other) in after.iter().enumerate().filter(|(_, other)| !written.contains_key(*other)) {
            sound = false;
            court.unresolved(
                &key.key("after").item(n),
                other.as_str(),
                written.keys().map(ServiceName::as_str),
            );
        }
        let exec = service.exec.as_deref().unwrap_or_default();
        let ready = service.ready.as_deref().unwrap_or_default();
        if exec.is_empty() {
            sound = false;
            court
                .missing(&key.key("exec"), "name the program: `exec = [\"/usr/bin/program\", \"argument\"]`");
        }
        for (field, command) in [("exec", exec), ("ready", ready)] {
            if let Some(program) = command.first().filter(|program| !program.as_str().starts_with('/')) {
                sound = false;
                let value = toml::Value::String(program.to_string()).to_string();
                let expected = "the absolute path of a program".into();
                let key = key.key(field).item(0);
                let help = format!("for a program of a package write `/usr/bin/{program}`");
                court.complain(
                    &Problem::BadValue { key: key.without_item(), value, expected },
                    &key,
                    Some(help),
                );
            }
        }
        if service.ready_by == Some(written::ReadyBy::Notice) && !ready.is_empty() {
            let message = "a service that says itself that it is ready has no program that checks it".into();
            court.conflict(message, &key.key("ready-by"), ("the program is here", &key.key("ready")));
        }
        let runs = convert(name, service, (exec, ready, after));
        services.push(confinement::decide(runs, service, accounts, court));
    }
    confinement::check_owners(&services, court);
    if !sound {
        return Services::default();
    }
    match Services::ordered(services) {
        Ok(services) => services,
        Err(error) => {
            let first = match &error {
                ServicesError::Cycle(names) => names.iter().min().cloned().unwrap_or_default(),
                ServicesError::Name(name)
                | ServicesError::Twice(name)
                | ServicesError::Exec(name)
                | ServicesError::After(name, _) => name.clone(),
            };
            let key = KeyPath::of(&["services", &first, "after"]);
            court.complain(&Problem::Conflict(error.to_string()), &key, None);
            Services::default()
        }
    }
}

fn convert(
    name: &ServiceName,
    service: &written::Service,
    (exec, ready, after): (&[Text], &[Text], &[ServiceName]),
) -> Service {
    let texts = |texts: &[Text]| -> Vec<String> { texts.iter().map(ToString::to_string).collect() };
    let stop_seconds = service.stop_seconds.unwrap_or(STOP_SECONDS);
    let environment = service.environment.iter().flatten();
    Service {
        environment: environment.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        after: after.iter().map(ToString::to_string).collect(),
        ready: texts(ready),
        kill: match service.kill {
            Some(written::Kill::Process) => Kill::Process,
            Some(written::Kill::Group) | None => Kill::Group,
        },
        start: match service.start {
            Some(written::Start::OnRequest) => Start::OnRequest,
            Some(written::Start::Boot) | None => Start::Boot,
        },
        ready_by: match service.ready_by {
            Some(written::ReadyBy::Notice) => ReadyBy::Notice,
            Some(written::ReadyBy::Check) | None => ReadyBy::Check,
        },
        ..Service::new(name.to_string(), texts(exec), stop_seconds)
    }
}
