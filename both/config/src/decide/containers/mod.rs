//! What containers may be, and everything that they name: registries, secrets, folders of the node.

mod checks;
mod container;
mod mounts;
mod network;
mod ports;
mod registries;
mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use corten_document::{Court, KeyPath, Node, Problem, Value};

use super::{too_many, values};
use crate::SECRET_KEPT;
use crate::settings::{Containers, DiskPressure, Interactive, Proxy, Secret};
use crate::types::{HostPath, LONGEST_TEXT, is_within};
use crate::written::{self, Configuration, entries};

/// Most folders that may be handed out, and most secrets.
const HOST_PATHS: usize = 64;
const SECRETS: usize = 256;

/// Percents between which images are removed, where one of them is written and the other is not.
const GAP: u8 = 10;

pub(super) fn decide(written: &Configuration, proxy: Option<Proxy>, court: &mut Court<'_>) -> Containers {
    let known = Known::of(court.origins.tree());
    let own = written.containers.clone().unwrap_or_default();
    let host_paths = values(own.host_paths.as_deref());
    too_many(host_paths.len(), HOST_PATHS, &KeyPath::of(&["containers", "host-paths"]), court);
    Containers {
        host_paths,
        interactive: Interactive {
            exec: own.allow_exec.unwrap_or(false),
            debug: own.allow_debug.unwrap_or(false),
        },
        disk: disk(&own, court),
        workloads: workloads::decide(written, &known, court),
        registries: registries::decide(written.registries.as_ref(), court),
        secrets: secrets(written, court),
        proxy,
    }
}

/// What a configuration has that its containers may name. What is there with something wrong in it is known all the
/// same: that was said already.
struct Known<'a> {
    secrets: BTreeSet<&'a str>,
    host_paths: Vec<&'a str>,
}

impl<'a> Known<'a> {
    fn of(tree: &'a Node) -> Self {
        let secrets = tree.at(&KeyPath::of(&["secrets"])).and_then(Node::entries).into_iter().flatten();
        let host_paths = match tree.at(&KeyPath::of(&["containers", "host-paths"])).map(|node| &node.value) {
            Some(Value::List(items)) => items.iter().filter_map(Node::text).collect(),
            _ => Vec::new(),
        };
        Self { secrets: secrets.map(|(name, _)| name.as_str()).collect(), host_paths }
    }

    /// Complains about a secret that is not there.
    fn secret(&self, name: &str, key: &KeyPath, court: &mut Court<'_>) {
        if !self.secrets.contains(name) {
            court.unresolved(key, name, self.secrets.iter().copied());
        }
    }

    /// Complains about a path of the node that is in none of the folders that may be handed out.
    fn host_path(&self, path: &str, key: &KeyPath, court: &mut Court<'_>) {
        if self.host_paths.iter().any(|folder| is_within(path, folder)) {
            return;
        }
        let may_be = path.parse::<HostPath>().is_ok();
        let help = match self.host_paths.as_slice() {
            [] if may_be => Some(format!("allow it: `host-paths = [\"{path}\"]` in `[containers]`")),
            [] => None,
            folders => {
                let folders: Vec<String> =
                    folders.iter().take(8).map(|folder| format!("`{folder}`")).collect();
                Some(format!("the folders are {}", folders.join(", ")))
            }
        };
        let message = format!("`{path}` is in no folder of `containers.host-paths`");
        court.complain(&Problem::Conflict(message), key, help);
    }
}

fn disk(written: &written::Containers, court: &mut Court<'_>) -> DiskPressure {
    let usual = DiskPressure::default();
    let high_percent = written.disk_high_percent.unwrap_or(usual.high_percent);
    let low = usual.low_percent.min(high_percent.saturating_sub(GAP).max(1));
    let low_percent = written.disk_low_percent.unwrap_or(low);
    if low_percent >= high_percent {
        let top = KeyPath::of(&["containers"]);
        let message =
            format!("images are removed from {high_percent} % on, and {low_percent} % is not below that");
        let other = ("from here on", &top.key("disk-high-percent"));
        court.conflict(message, &top.key("disk-low-percent"), other);
    }
    DiskPressure { high_percent, low_percent }
}

/// Nothing that is said here repeats a secret.
fn secrets(written: &Configuration, court: &mut Court<'_>) -> BTreeMap<String, Secret> {
    let top = KeyPath::of(&["secrets"]);
    let mut secrets = BTreeMap::new();
    for (name, secret) in entries(written.secrets.as_ref()) {
        let (name, secret) = (name.get(), secret.get());
        let text = &secret.0;
        let wrong = match text.as_str() {
            "" => Some("is empty"),
            SECRET_KEPT => Some("stands for one that the node doesn't have"),
            text if text.len() > LONGEST_TEXT => Some("is longer than 64 KiB"),
            text if text.contains('\0') => Some("holds NUL, which no variable can"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let message = format!("the secret `{name}` {wrong}");
            court.complain(&Problem::Conflict(message), &top.key(name), None);
        }
        secrets.insert(name.clone(), secret.clone());
    }
    too_many(secrets.len(), SECRETS, &top, court);
    secrets
}
