//! Registries: who the node is there, and what may run.

use std::collections::BTreeMap;

use corten_document::{Court, KeyPath, Problem};

use super::super::{too_many, values};
use crate::settings::{Login, Registry, Verification};
use crate::types::{RegistryName, Verify};
use crate::written::{self, entries};

/// Most registries, and most mirrors, authorities and keys of each.
const REGISTRIES: usize = 256;
const OF_EACH: usize = 16;

pub(super) fn decide(
    written: Option<&BTreeMap<RegistryName, written::Registry>>,
    court: &mut Court<'_>,
) -> BTreeMap<String, Registry> {
    let top = KeyPath::of(&["registries"]);
    let registries: BTreeMap<String, Registry> = entries(written)
        .map(|(name, registry)| {
            let name = name.get();
            (name.clone(), decide_one(name, registry, &top.key(name), court))
        })
        .collect();
    too_many(registries.len(), REGISTRIES, &top, court);
    registries
}

fn decide_one(name: &str, written: &written::Registry, key: &KeyPath, court: &mut Court<'_>) -> Registry {
    let mirrors = values(written.mirrors.as_deref());
    let authorities = values(written.authorities.as_deref());
    let keys = values(written.keys.as_deref());
    for (list, length) in
        [("mirrors", mirrors.len()), ("authorities", authorities.len()), ("keys", keys.len())]
    {
        too_many(length, OF_EACH, &key.key(list), court);
    }
    Registry {
        mirrors,
        plain_http: written.plain_http.unwrap_or(false),
        authorities,
        login: login(name, written, key, court),
        verify: verify(written, keys, key, court),
    }
}

fn login(name: &str, written: &written::Registry, key: &KeyPath, court: &mut Court<'_>) -> Option<Login> {
    let tree = court.origins.tree();
    let is_there = |name: &str| tree.at(&key.key(name)).is_some();
    match (is_there("user"), is_there("password")) {
        (true, false) => {
            court.missing(&key.key("password"), "a user needs a password, or a token in its place");
        }
        (false, true) => court.missing(&key.key("user"), "a password is of use with its user alone"),
        (true, true) if name == "*" => {
            let message = "every registry would be shown this password".to_owned();
            let help =
                "write it at the registry that it is for: `[registries.\"registry.example.org\"]`".to_owned();
            court.complain(&Problem::Conflict(message), &key.key("user"), Some(help));
        }
        (true, true) | (false, false) => {}
    }
    let (user, password) = (written.user.as_ref()?, written.password.as_ref()?);
    Some(Login { user: user.get().clone(), password: password.get().clone() })
}

fn verify(
    written: &written::Registry,
    keys: Vec<String>,
    key: &KeyPath,
    court: &mut Court<'_>,
) -> Verification {
    let tree = court.origins.tree();
    // A list of which every item is wrong is there all the same.
    let has_keys = tree.at(&key.key("keys").item(0)).is_some();
    let verify_is_wrong = written.verify.is_none() && tree.at(&key.key("verify")).is_some();
    let verify = written.verify.map(|verify| verify.0).unwrap_or_default();
    if verify == Verify::Signature && !has_keys {
        court.missing(
            &key.key("keys"),
            "whose signatures count? write `keys = [\"-----BEGIN PUBLIC KEY-----…\"]`",
        );
    }
    if verify != Verify::Signature && has_keys && !verify_is_wrong {
        let message = "keys say something with `verify = \"signature\"` alone".to_owned();
        let help = "write `verify = \"signature\"`, or take the keys out".to_owned();
        court.complain(&Problem::Conflict(message), &key.key("keys"), Some(help));
    }
    match verify {
        Verify::None => Verification::None,
        Verify::Digest => Verification::Digest,
        Verify::Signature => Verification::Signature { keys },
    }
}
