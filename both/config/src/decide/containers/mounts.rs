//! What is mounted in a container.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};

use super::super::{one_of, too_many};
use super::Known;
use crate::settings::Mount;
use crate::types::MountPlace;
use crate::written::{self, entries};

/// Most mounts of a container.
const MOUNTS: usize = 64;

/// What can be mounted.
const KINDS: [&str; 4] = ["volume", "host", "tmpfs", "secret"];

pub(super) fn decide(
    written: Option<&BTreeMap<MountPlace, written::Mount>>,
    key: &KeyPath,
    known: &Known<'_>,
    court: &mut Court<'_>,
) -> BTreeMap<String, Mount> {
    let mut mounts = BTreeMap::new();
    for (place, mount) in entries(written) {
        let place = place.get();
        mounts.extend(decide_one(mount, &key.key(place), known, court).map(|mount| (place.clone(), mount)));
    }
    too_many(entries(written).count(), MOUNTS, key, court);
    mounts
}

fn decide_one(
    written: &written::Mount,
    key: &KeyPath,
    known: &Known<'_>,
    court: &mut Court<'_>,
) -> Option<Mount> {
    let nothing =
        ("a mount of nothing", "write `volume`, `host`, `tmpfs` or `secret`: `{ volume = \"data\" }`");
    let kind = one_of(&KINDS, key, nothing, court)?;
    goes_with("read-only", &["volume", "host"], kind, key, court);
    goes_with("size", &["tmpfs"], kind, key, court);
    let read_only = written.read_only.unwrap_or(false);
    match kind {
        "volume" => Some(Mount::Volume { name: written.volume.as_ref()?.get().clone(), read_only }),
        "host" => {
            let path = written.host.as_ref()?.get();
            known.host_path(path, &key.key("host"), court);
            Some(Mount::Host { path: path.clone(), read_only })
        }
        "secret" => {
            let name = written.secret.as_ref()?.get();
            known.secret(name, &key.key("secret"), court);
            Some(Mount::Secret { name: name.clone() })
        }
        _ => {
            if !written.tmpfs? {
                let help = "write `tmpfs = true`, or take the mount out".to_owned();
                let message = "a mount of nothing".to_owned();
                court.complain(&Problem::Conflict(message), &key.key("tmpfs"), Some(help));
            }
            Some(Mount::Tmpfs { size: written.size.as_ref().map(|size| *size.get()) })
        }
    }
}

/// Complains about a key that says nothing beside this kind.
fn goes_with(name: &str, kinds: &[&str], kind: &str, key: &KeyPath, court: &mut Court<'_>) {
    let place = key.key(name);
    if court.origins.tree().at(&place).is_some() && !kinds.contains(&kind) {
        let message = format!("`{name}` says nothing about `{kind}`");
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
        let help = format!("it goes with {}", kinds.join(" and "));
        court.complain(&Problem::Conflict(message), &place, Some(help));
    }
}
