//! Checks of containers.

use corten_document::{Court, KeyPath, Problem};

use super::super::{one_of, too_many};
use super::container::texts;
use crate::settings::{Check, CheckKind};
use crate::types::ProgramText;
use crate::written;

/// What a check can ask.
const KINDS: [&str; 4] = ["command", "http", "tcp", "grpc"];

/// Seconds between two checks, and for an answer, where nothing is written.
const INTERVAL: u32 = 10;
const TIMEOUT: u32 = 5;

/// Failures in a row where nothing is written.
const FAILURES: u32 = 3;

/// Most arguments of a command.
const ARGUMENTS: usize = 256;

pub(super) fn decide(written: &written::Check, key: &KeyPath, court: &mut Court<'_>) -> Option<Check> {
    let message = format!("`{key}` asks nothing");
    let help = "write `command`, `http`, `tcp` or `grpc`: `http = \":8080/healthz\"`";
    let kind = one_of(&KINDS, key, (&message, help), court)?;
    if kind != "grpc" && court.origins.tree().at(&key.key("service")).is_some() {
        let message = format!("`service` says nothing about `{kind}`");
        court.complain(&Problem::Conflict(message), &key.key("service"), Some("it goes with `grpc`".into()));
    }
    let interval_seconds = written.interval.as_ref().map_or(INTERVAL, |seconds| *seconds.get());
    let timeout_seconds =
        written.timeout.as_ref().map_or(TIMEOUT.min(interval_seconds), |seconds| *seconds.get());
    if timeout_seconds > interval_seconds {
        let message = format!(
            "an answer may take {timeout_seconds} s, and after {interval_seconds} s it is asked again"
        );
        court.conflict(message, &key.key("timeout"), ("asked again", &key.key("interval")));
    }
    let kind = match kind {
        "command" => {
            let list = written.command.as_ref()?;
            command(list, &key.key("command"), court);
            CheckKind::Command { command: texts(list) }
        }
        "http" => {
            let (port, path) = written.http.as_ref()?.get().clone();
            CheckKind::Http { port, path }
        }
        "tcp" => CheckKind::Tcp { port: written.tcp? },
        _ => {
            let service = written.service.as_ref().map(|service| service.get().clone()).unwrap_or_default();
            CheckKind::Grpc { port: written.grpc?, service }
        }
    };
    let failures = written.failures.unwrap_or(FAILURES);
    Some(Check { kind, interval_seconds, timeout_seconds, failures })
}

/// A command names a program. One with something wrong in it was complained about already.
pub(super) fn command(list: &[ProgramText], key: &KeyPath, court: &mut Court<'_>) {
    too_many(list.len(), ARGUMENTS, key, court);
    let is_there = court.origins.tree().at(&key.item(0)).is_some();
    if !is_there || list.first().is_some_and(|program| program.get().is_empty()) {
        let message = format!("`{key}` names no program");
        court.complain(&Problem::Conflict(message), key, None);
    }
}
