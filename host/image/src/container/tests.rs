//! From a container recipe and packages in memory to a tree and a configuration.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use corten_formats::tree::{Kind, Meta, Node, Tree};
use corten_recipe::{ContainerPlan, HostLoader, MergedContainer};

use super::{select, tree};
use crate::error::Error;
use crate::select::{Contents, Packages};

/// One package, `web`, with a setuid program and a file that belongs to somebody else.
struct OnePackage;

impl Packages for OnePackage {
    fn load(&self, names: &[String]) -> Result<Vec<Arc<Contents>>, Error> {
        let file = |text: &'static str, mode| Node {
            meta: Meta { mode, uid: 7, ..Meta::default() },
            kind: Kind::File(Bytes::from_static(text.as_bytes())),
        };
        let entries = BTreeMap::from([
            ("/usr/bin/web".to_owned(), file("#!web", 0o4755)),
            ("/usr/bin/other".to_owned(), file("#!other", 0o755)),
            ("/usr/share/web/page".to_owned(), file("page", 0o644)),
        ]);
        let one = |name: &String| {
            Arc::new(Contents { name: name.clone(), entries: entries.clone(), ..Contents::default() })
        };
        Ok(names.iter().map(one).collect())
    }

    fn dependencies(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

const RECIPE: &str = r#"
name = "web"
tag = "1"
description = "serves"

[archive]
suite = "trixie"
components = ["main"]
architecture = "amd64"

[packages.web]
programs = ["web"]
data = ["/usr/share/web/**"]

[users.web]
uid = 101

[directories."/tmp"]
mode = "0700"
user = "web"

[files."/etc/hosts"]
content = "own"

[links]
"/usr/bin/w" = "web"

[container]
entrypoint = ["/usr/bin/web", "-f"]
command = ["page"]
user = "web"
environment = { B = "2", A = "a b" }
exposed-ports = [8080, "53/udp"]
stop-signal = "SIGQUIT"
labels = { "org.example.x" = "y" }
"#;

fn plan(folder: &Path, text: &str) -> ContainerPlan {
    let path = folder.join("web.toml");
    std::fs::write(&path, text).expect("it can be written");
    let merged = MergedContainer::load(path.to_str().expect("it is text"), &HostLoader);
    merged.and_then(MergedContainer::plan).unwrap_or_else(|report| panic!("{report:?}"))
}

fn made(text: &str) -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    let plan = plan(folder.path(), text);
    let taken = select(&plan, &OnePackage).expect("it is there");
    tree::tree(&plan, &taken, 7).expect("it fits together")
}

#[test]
fn a_container_has_what_was_named_accounts_and_places_to_mount_at() {
    let tree = made(RECIPE);
    let mut lines = String::new();
    tree.walk(|path, id| {
        let Node { meta, kind } = tree.node(id);
        let kind = match kind {
            Kind::File(content) => format!("{:?}", String::from_utf8_lossy(content)),
            Kind::Symlink(target) => format!("-> {}", String::from_utf8_lossy(target)),
            _ => "/".to_owned(),
        };
        let path = String::from_utf8_lossy(path);
        let _ = writeln!(lines, "{path} {:04o} {}:{} @{} {kind}", meta.mode, meta.uid, meta.gid, meta.mtime);
    });
    insta::assert_snapshot!(lines);
}

#[test]
fn a_recipe_without_packages_is_a_container_too() {
    let text = RECIPE.replace("[packages.web]\nprograms = [\"web\"]\ndata = [\"/usr/share/web/**\"]\n", "");
    let tree = made(&text);
    assert!(tree.lookup(b"/etc/passwd").is_some() && tree.lookup(b"/usr/bin/web").is_none());
}

#[test]
fn the_same_recipe_gives_the_same_layer() {
    let layer = |text: &str| super::layer::layer(&made(text)).expect("memory takes everything");
    assert_eq!(layer(RECIPE), layer(RECIPE));
    assert_ne!(layer(RECIPE).0, layer(&RECIPE.replace("own", "another")).0);
}

#[test]
fn a_configuration_says_how_containers_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = super::pack::config(&plan(folder.path(), RECIPE), 86_400);
    insta::assert_snapshot!(serde_json::to_string_pretty(&config).expect("it can be written"));
}
