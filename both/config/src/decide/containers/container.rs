//! One container.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};

use super::super::placed::text_keys;
use super::super::{demand, one_of, too_many, values};
use super::{Known, checks, mounts};
use crate::settings::{Container, ContainerResources, RestartPolicy, Variable};
use crate::types::{AbsolutePath, ProgramText};
use crate::written::{self, entries};

/// Most variables, files of variables, and arguments.
const VARIABLES: usize = 128;
const FILES: usize = 16;
const ARGUMENTS: usize = 256;

/// Processes and threads where nothing is written: enough for large servers, and too few for a fork bomb to harm the
/// node.
const PIDS: u32 = 4096;

/// Least memory with which a container can start, bytes.
const LEAST_MEMORY: u64 = 1 << 20;

pub(super) fn decide(
    written: &written::Container,
    workload: &KeyPath,
    name: &str,
    known: &Known<'_>,
    court: &mut Court<'_>,
) -> Container {
    let key = workload.key("containers").key(name);
    let help = "name an image: `image = \"registry.example.org/web:1\"`";
    let image = demand(written.image.as_ref(), &key.key("image"), help, court);
    let privileged = written.privileged.unwrap_or(false);
    if privileged && written.capabilities.as_ref().is_some_and(|list| !list.is_empty()) {
        let message = "`privileged` gives all capabilities, and leaves none to name".to_owned();
        court.conflict(message, &key.key("capabilities"), ("privileged by this", &key.key("privileged")));
    }
    let environment_files = values(written.environment_files.as_deref());
    too_many(environment_files.len(), FILES, &key.key("environment-files"), court);
    let keys = text_keys::<AbsolutePath>(&key.key("environment-files"), court);
    for (key, file) in keys.iter().zip(&environment_files) {
        known.host_path(file, key, court);
    }
    if let Some(command) = &written.command {
        checks::command(command, &key.key("command"), court);
    }
    let arguments = written.arguments.as_deref();
    too_many(arguments.map_or(0, <[_]>::len), ARGUMENTS, &key.key("arguments"), court);
    let check = |name, check: &Option<written::Check>, court: &mut Court<'_>| {
        checks::decide(check.as_ref()?, &key.key(name), court)
    };
    Container {
        image: image.map(|image| image.get().clone()).unwrap_or_default(),
        command: written.command.as_deref().map(texts),
        arguments: arguments.map(texts),
        environment: environment(written, &key.key("environment"), known, court),
        environment_files,
        working_directory: written.working_directory.as_ref().map(|path| path.get().clone()),
        user: written.user.as_ref().map(|user| user.get().clone()),
        read_only: written.read_only.unwrap_or(false),
        capabilities: values(written.capabilities.as_deref()).into_iter().collect(),
        privileged,
        new_privileges: written.new_privileges.unwrap_or(false),
        mounts: mounts::decide(written.mounts.as_ref(), &key.key("mounts"), known, court),
        resources: resources(&written.resources.clone().unwrap_or_default(), &key.key("resources"), court),
        restart: restart(written, workload, &key, court),
        startup: check("startup", &written.startup, court),
        liveness: check("liveness", &written.liveness, court),
        readiness: check("readiness", &written.readiness, court),
        stop_signal: written.stop_signal.as_ref().map(|signal| signal.get().clone()),
    }
}

pub(super) fn texts(list: &[ProgramText]) -> Vec<String> {
    values(Some(list))
}

fn environment(
    written: &written::Container,
    key: &KeyPath,
    known: &Known<'_>,
    court: &mut Court<'_>,
) -> BTreeMap<String, Variable> {
    let mut variables = BTreeMap::new();
    for (name, variable) in entries(written.environment.as_ref()) {
        let name = name.as_str();
        let key = key.key(name);
        // A text alone has no keys that could exclude each other.
        let is_table = court.origins.tree().at(&key).is_some_and(|node| node.entries().is_some());
        if is_table {
            let message = format!("the variable `{name}` has no value");
            let help = "write a text, or `{ secret = \"NAME\" }`";
            one_of(&["text", "secret"], &key, (&message, help), court);
        }
        let value = match (&variable.text, &variable.secret) {
            (Some(text), _) => Variable::Text { text: text.get().clone() },
            (None, Some(secret)) => {
                known.secret(secret.get(), &key.key("secret"), court);
                Variable::Secret { name: secret.get().clone() }
            }
            (None, None) => continue,
        };
        variables.insert(name.to_owned(), value);
    }
    too_many(variables.len(), VARIABLES, key, court);
    variables
}

fn resources(written: &written::Resources, key: &KeyPath, court: &mut Court<'_>) -> ContainerResources {
    let bytes = |size: &Option<crate::types::Size>| size.as_ref().map(|size| *size.get());
    let (memory_max, memory_high) = (bytes(&written.memory_max), bytes(&written.memory_high));
    for (name, memory) in [("memory-max", memory_max), ("memory-high", memory_high)] {
        if memory.is_some_and(|memory| memory < LEAST_MEMORY) {
            let message = "nothing starts with less than 1 MiB of memory".to_owned();
            court.complain(&Problem::Conflict(message), &key.key(name), None);
        }
    }
    if let (Some(high), Some(max)) = (memory_high, memory_max)
        && high > max
    {
        let message = "`memory-high` is above `memory-max`, and would never be reached".to_owned();
        court.conflict(message, &key.key("memory-high"), ("the most", &key.key("memory-max")));
    }
    ContainerResources {
        cpu_millis: written.cpu.as_ref().map(|cpu| *cpu.get()),
        cpu_weight: written.cpu_weight,
        memory_max,
        memory_high,
        pids_max: Some(written.pids_max.unwrap_or(PIDS)),
        io_weight: written.io_weight,
        io_read_bytes: bytes(&written.io_read),
        io_write_bytes: bytes(&written.io_write),
    }
}

/// What runs by a schedule ends, and is not started again before its time.
fn restart(
    written: &written::Container,
    workload: &KeyPath,
    key: &KeyPath,
    court: &mut Court<'_>,
) -> RestartPolicy {
    let schedule = workload.key("schedule");
    let is_scheduled = court.origins.tree().at(&schedule).is_some();
    let restart = written.restart.map(|restart| restart.0);
    if is_scheduled && restart == Some(RestartPolicy::Always) {
        let message =
            "what runs by a schedule has to end, and would never with `restart = \"always\"`".to_owned();
        court.conflict(message, &key.key("restart"), ("the schedule is here", &schedule));
    }
    let usual = if is_scheduled { RestartPolicy::Never } else { RestartPolicy::default() };
    restart.unwrap_or(usual)
}
