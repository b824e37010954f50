//! Container recipes: what they take over, what is decided, what a person reads when one is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use corten_recipe::{
    ContainerPlan, HostLoader, MergedContainer, RecipeKind, Report, container_schema_text, recipe_kind,
};

use crate::builtin::tool;
use crate::common::{MemoryLoader, shown};

const LOW: &str = r#"
name = "low"
tag = "1"
description = "what is extended"

[archive]
suite = "trixie"
components = ["main"]
architecture = "amd64"

[packages.web]
programs = ["web"]

[users.web]
uid = 101

[groups.www]
gid = 33

[files."/etc/web.conf"]
source = "web.conf"

[container]
entrypoint = ["/usr/bin/web", "--low"]
command = ["a", "b"]
environment = { A = "1", B = "1" }
exposed-ports = [8080]
labels = { "org.example.one" = "1" }
"#;

fn plan(files: &[(&str, &str)]) -> Result<ContainerPlan, Report> {
    MergedContainer::load("./my.toml", &MemoryLoader::of(files))?.plan()
}

fn over(body: &str) -> Result<ContainerPlan, Report> {
    let text = format!("name = \"team/my\"\ntag = \"2\"\nextends = \"./low.toml\"\n{body}");
    plan(&[("my.toml", &text), ("low.toml", LOW), ("web.conf", "port 8080\n")])
}

fn errors(body: &str) -> String {
    shown(&over(body).expect_err("the recipe is wrong"))
}

#[test]
fn a_plan_holds_everything_decided() {
    let plan = over(
        "[container]\nentrypoint = [\"/usr/bin/web\"]\nuser = \"web\"\nstop-signal = \"SIGQUIT\"\n\
         exposed-ports = [\"53/udp\"]\nworking-directory = \"/srv\"\n\
         environment = { B = \"2\" }\nlabels = { \"org.example.two\" = \"2\" }\n[directories.\"/var/lib/web\"]\nuser = \"web\"\n",
    );
    let plan = plan.unwrap_or_else(|report| panic!("{}", shown(&report)));
    insta::assert_snapshot!(serde_json::to_string_pretty(&plan).expect("a plan can be written"));
}

#[test]
fn users_are_decided_as_numbers() {
    let user = |text: &str| {
        let plan = over(&format!("[container]\nuser = {text}\n")).expect("the recipe is right");
        plan.container.user
    };
    assert_eq!(user("\"web\""), (101, 101));
    assert_eq!(user("\"web:www\""), (101, 33));
    assert_eq!(user("101"), (101, 101));
    assert_eq!(user("\"65534\""), (65534, 65534));
    assert_eq!(user("\"4000:50\""), (4000, 50));
    assert_eq!(over("").expect("the recipe is right").container.user, (0, 0));
}

#[test]
fn a_shown_recipe_is_the_same_recipe() {
    let text = "name = \"my\"\ntag = \"2\"\nextends = \"./low.toml\"\n";
    let files = [("my.toml", text), ("low.toml", LOW), ("web.conf", "port 8080\n")];
    let merged = MergedContainer::load("./my.toml", &MemoryLoader::of(&files)).expect("it is right");
    let again = [("my.toml", merged.to_toml()), ("web.conf", "port 8080\n".into())];
    let again: Vec<(&str, &str)> = again.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let json = |plan: ContainerPlan| serde_json::to_string(&plan).expect("a plan can be written");
    assert_eq!(json(merged.plan().expect("it is right")), json(plan(&again).expect("it is right")));
}

#[test]
fn kernel_and_services_are_not_for_containers() {
    insta::assert_snapshot!(errors("[kernel]\nmodules = []\n[services.web]\nexec = [\"/usr/bin/web\"]\n"));
}

#[test]
fn a_container_recipe_that_extends_nothing_has_to_say_more() {
    let report = plan(&[("my.toml", "name = \"my\"\ntag = \"1\"\n")]).expect_err("it says nothing");
    insta::assert_snapshot!(shown(&report));
}

#[test]
fn how_a_container_runs_is_checked_against_the_recipe() {
    insta::assert_snapshot!(errors(
        "[container]\nuser = \"wep:www\"\nexposed-ports = [0, \"80/http\"]\nstop-signal = \"TERM\"\n\
         working-directory = \"srv\"\n"
    ));
}

#[test]
fn users_of_containers_have_to_exist() {
    insta::assert_snapshot!(errors("[container]\nuser = \"wep\"\n"));
}

#[test]
fn paths_that_would_not_be_seen_in_a_container_are_refused() {
    insta::assert_snapshot!(errors(
        "[files]\n\"/proc/a\" = { content = \"\" }\n\"/bin/a\" = { content = \"\" }\n\
         \"/etc/group\" = { content = \"\" }\n\"/var/lib/a\" = { content = \"\" }\n"
    ));
}

#[test]
fn a_name_that_is_no_name_of_an_image_is_refused() {
    let report = plan(&[("my.toml", &LOW.replace("\"low\"", "\"low--/x\"")), ("web.conf", "")]);
    insta::assert_snapshot!(shown(&report.expect_err("the name is wrong")));
}

#[test]
fn the_two_kinds_of_recipes_are_told_apart() {
    let kind = |text: &str| recipe_kind("./my.toml", &MemoryLoader::of(&[("my.toml", text)]));
    assert_eq!(kind(LOW), RecipeKind::Container);
    assert_eq!(kind("name = \"a\"\n[container]\n"), RecipeKind::Container);
    assert_eq!(kind("name = \"a\"\nversion = \"1\"\n"), RecipeKind::System);
    assert_eq!(kind("name = "), RecipeKind::System);
}

#[test]
fn the_schema_of_container_recipes_that_is_checked_in_is_current() {
    let path = folder().join("container.schema.json");
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    if there != container_schema_text()
        && std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always")
    {
        std::fs::write(&path, container_schema_text()).expect("the schema can be written");
        return;
    }
    assert!(
        there == container_schema_text(),
        "recipes/containers/container.schema.json is old: `corten recipe schema --container` prints the new one"
    );
}

/// The project's own container recipes.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../recipes/containers")
}

fn recipes() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder()).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).collect()
}

#[test]
fn every_container_recipe_of_the_project_has_a_plan_under_the_name_of_its_file_and_names_the_schema() {
    assert!(recipes().len() >= 2);
    for path in recipes() {
        let text = path.to_str().expect("the path is text");
        let merged = MergedContainer::load(text, &HostLoader).and_then(MergedContainer::plan);
        let plan = merged.unwrap_or_else(|report| panic!("{}", shown(&report)));
        assert_eq!(path.file_stem().and_then(|stem| stem.to_str()), Some(plan.name.reference().path()));
        let recipe = std::fs::read_to_string(&path).expect("it can be read");
        assert!(recipe.starts_with("#:schema ./container.schema.json\n"), "{text}");
    }
}

#[test]
fn a_foreign_validator_accepts_container_recipes_and_refuses_wrong_ones() {
    let Some(tool) = tool("jsonschema") else { return };
    let scratch = tempfile::tempdir().expect("a folder");
    let accepts = |text: &str| {
        let file = scratch.path().join("recipe.json");
        let recipe: toml::Table = text.parse().expect("it is TOML");
        std::fs::write(&file, serde_json::to_vec(&recipe).expect("it is JSON")).expect("it can be written");
        let schema = folder().join("container.schema.json");
        let output =
            Command::new(&tool).arg("--instance").arg(&file).arg(schema).output().expect("it starts");
        output.status.success()
    };
    for path in recipes() {
        assert!(accepts(&std::fs::read_to_string(&path).expect("it can be read")), "{}", path.display());
    }
    assert!(accepts(LOW));
    for wrong in [
        "[kernel]\n",
        "[container]\nexposed-ports = [0]\n",
        "[container]\nexposed-ports = [\"80/http\"]\n",
        "[container]\nstop-signal = \"TERM\"\n",
        "[container]\nuser = \"Web\"\n",
    ] {
        assert!(!accepts(&format!("name = \"a\"\ntag = \"1\"\n{wrong}")), "{wrong}");
    }
}
