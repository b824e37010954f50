//! The built-in recipes and their schema.

use std::path::{Path, PathBuf};
use std::process::Command;

use corten_recipe::{DEFAULT, HostLoader, Merged, Plan, builtin_names, builtin_recipe, schema_text};
use corten_services::{Capabilities, Requests, Service};

fn recipes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes")
}

fn plan(name: &str) -> Plan {
    let merged =
        Merged::load(name, &HostLoader).unwrap_or_else(|report| panic!("{}", crate::common::shown(&report)));
    merged.plan().unwrap_or_else(|report| panic!("{}", crate::common::shown(&report)))
}

#[test]
fn every_recipe_of_the_project_is_compiled_in() {
    let mut found: Vec<String> = std::fs::read_dir(recipes())
        .expect("the folder is there")
        .filter_map(|entry| entry.expect("it can be read").file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(".toml").map(str::to_owned))
        .collect();
    found.sort();
    let known: Vec<&str> = builtin_names().map(|recipe| recipe.name).collect();
    assert_eq!(found, known);
}

#[test]
fn every_built_in_recipe_has_a_plan_under_its_own_name() {
    for recipe in builtin_names() {
        assert_eq!(plan(recipe.name).name.as_str(), recipe.name);
    }
}

#[test]
fn the_default_recipe_runs_containerd_with_crun_in_the_place_of_runc() {
    let plan = plan(DEFAULT);
    let services: Vec<&str> = plan.services.services.iter().map(|service| service.name.as_str()).collect();
    // In the order in which they start: what takes longest comes first.
    assert_eq!(services, ["containerd", "ntp", "agent", "network", "containers", "platform"]);
    let link = |path: &str| plan.links.get(&path.parse().expect("a path")).map(ToString::to_string);
    assert_eq!(link("/usr/bin/runc").as_deref(), Some("crun"));
    let package = |name: &str| plan.packages.contains_key(&name.parse().expect("a package's name"));
    assert!(package("containerd") && package("crun") && !package("runc"));
    assert!(plan.products.contains(&corten_recipe::plan::Product::CertificateBundle));
}

#[test]
fn what_faces_the_network_is_not_root_and_one_service_alone_may_ask_init_for_everything() {
    let services = plan(DEFAULT).services.services;
    let service = |name: &str| services.iter().find(|service| service.name == name).expect("it is there");
    for name in ["agent", "network", "ntp"] {
        let service = service(name);
        assert_ne!(service.account.uid, 0, "{name}");
        assert_ne!(service.capabilities, Capabilities::All, "{name}");
    }
    assert_eq!(service("agent").capabilities, Capabilities::of(["CAP_SYSLOG"]).expect("a capability"));
    let asks = |service: &&Service| service.requests == Requests::Everything;
    assert_eq!(services.iter().filter(asks).map(|service| &service.name).collect::<Vec<_>>(), ["agent"]);
}

#[test]
fn a_path_to_a_built_in_recipe_gives_the_same_plan_as_its_name() {
    for recipe in builtin_names() {
        let path = recipes().join(format!("{}.toml", recipe.name));
        let by_path = plan(path.to_str().expect("the path is text"));
        let json = |plan: &Plan| serde_json::to_string(plan).expect("a plan can be written");
        assert_eq!(json(&by_path), json(&plan(recipe.name)));
    }
}

#[test]
fn the_schema_that_is_checked_in_is_current() {
    let path = recipes().join("recipe.schema.json");
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    if there != schema_text() && std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
        std::fs::write(&path, schema_text()).expect("the schema can be written");
        return;
    }
    assert!(
        there == schema_text(),
        "recipes/recipe.schema.json is old: `corten recipe schema` prints the new one"
    );
}

#[test]
fn every_built_in_recipe_names_the_schema() {
    for recipe in builtin_names() {
        let text = builtin_recipe(recipe.name).expect("it is built in");
        assert!(text.starts_with("#:schema ./recipe.schema.json\n"), "{}", recipe.name);
    }
}

/// A program in `CORTEN_TOOLS_BIN` or `PATH`. Where it is missing the case is skipped, or fails if
/// `CORTEN_REQUIRE_TOOLS` is 1.
pub fn tool(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from).into_iter();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = folders
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CORTEN_REQUIRE_TOOLS").is_none_or(|value| value != "1"),
            "{name} is missing"
        );
        eprintln!("skipped: {name} is not installed");
    }
    found
}

#[test]
fn a_foreign_validator_accepts_the_recipes_and_refuses_wrong_ones() {
    let Some(tool) = tool("jsonschema") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let accepts = |text: &str| {
        let file = folder.path().join("recipe.json");
        let recipe: toml::Table = text.parse().expect("it is TOML");
        std::fs::write(&file, serde_json::to_vec(&recipe).expect("it is JSON")).expect("it can be written");
        let schema = recipes().join("recipe.schema.json");
        let output =
            Command::new(&tool).arg("--instance").arg(&file).arg(schema).output().expect("it starts");
        output.status.success()
    };
    for recipe in builtin_names() {
        assert!(accepts(builtin_recipe(recipe.name).expect("it is built in")), "{}", recipe.name);
    }
    let head = "name = \"my\"\nversion = \"1\"\n";
    assert!(accepts(head));
    assert!(accepts(&format!("{head}[[image]]\nname = \"web:1\"\nsource = \"web.tar\"\n")));
    assert!(accepts(&format!("{head}[image]\n[[images]]\nname = \"web:1\"\nsource = \"web.tar\"\n")));
    for wrong in [
        "colour = 1\n",
        "[kernel]\nmoduls = []\n",
        "[image]\nslot-size = 3\n",
        "[image]\nslot-size = \"3 GB\"\n",
        "[image]\nformats = [\"iso\"]\n",
        "[files.\"etc/motd\"]\ncontent = \"\"\n",
        "[users.web]\nuid = 0\n",
        "[services.web]\nkill = \"all\"\n",
        "[[image]]\nname = \"web:1\"\n",
        "[[images]]\nname = \"web:1\"\nsource = \"web.tar\"\ndigest = \"00\"\n",
    ] {
        assert!(!accepts(&format!("{head}{wrong}")), "{wrong}");
    }
}
