//! What the node's programs are made of: their crates and the C library that they hold. The builder puts it into
//! the SBOM of every image.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::build::NODE_PACKAGES;
use crate::command::cargo;

/// The inventory as JSON: `crates` (name, version, license) and `libc`.
pub fn inventory() -> Result<String> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    command.args(["--filter-platform", "x86_64-unknown-linux-gnu"]);
    let metadata: Value =
        serde_json::from_slice(&command.output()?.stdout).context("reading cargo metadata")?;
    let packages: BTreeMap<&str, &Value> =
        list(&metadata["packages"]).map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"]["nodes"]).map(|node| (text(&node["id"]), node)).collect();

    let is_root = |package: &&&Value| NODE_PACKAGES.contains(&text(&package["name"]));
    let mut wanted: Vec<&str> =
        packages.values().filter(is_root).map(|package| text(&package["id"])).collect();
    let mut linked = BTreeSet::new();
    while let Some(id) = wanted.pop() {
        if linked.insert(id) {
            let dependencies = nodes.get(id).into_iter().flat_map(|node| list(&node["deps"]));
            wanted.extend(dependencies.filter(|dependency| is_linked(dependency)).map(|d| text(&d["pkg"])));
        }
    }
    let mut crates: Vec<Value> = linked
        .iter()
        .filter_map(|id| packages.get(id))
        .map(|package| json!({"name": package["name"], "version": package["version"], "license": package["license"]}))
        .collect();
    crates.sort_by_key(|entry| (text(&entry["name"]).to_owned(), text(&entry["version"]).to_owned()));
    Ok(serde_json::to_string_pretty(&json!({"crates": crates, "libc": libc()?}))?)
}

/// Normal dependencies are part of the program; build scripts, macros' hosts and tests are not.
fn is_linked(dependency: &Value) -> bool {
    list(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null())
}

/// The C library that the compiler links statically.
fn libc() -> Result<Value> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().context("running getconf")?;
    let answer = String::from_utf8(output.stdout)?;
    let (name, version) =
        answer.trim().split_once(' ').context("getconf GNU_LIBC_VERSION: expected `glibc 2.x`")?;
    Ok(json!({"name": name, "version": version, "license": "LGPL-2.1-or-later"}))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
