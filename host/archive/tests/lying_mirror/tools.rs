//! Tools of a small archive: laid out once, moved on when the archive has dropped them, never outside their folder.

use corten_archive::event::ignore;
use corten_archive::tools::Tools;

use crate::world::{TarFile, World};

const SCRIPT: &[u8] = b"#!/bin/sh\necho \"tool $1\"\n";

fn world(files: &[TarFile<'_>]) -> World {
    let mut world = World::new();
    world.add("a", "1.0-1", "Depends: b\n", files);
    world.publish();
    world
}

#[test]
fn tools_are_laid_out_once_and_run() {
    let world = world(&[
        ("./usr/bin/tool", b'0', SCRIPT, ""),
        ("./bin/old", b'0', SCRIPT, ""),
        ("./usr/bin/link", b'2', b"", "/usr/bin/tool"),
        ("./usr/bin/same", b'1', b"", "./usr/bin/tool"),
        ("./usr/share/doc/a/x", b'0', b"x", ""),
    ]);
    let locks = tempfile::tempdir().expect("a folder");
    let archive = world.archive();
    let tools = Tools::new(&archive, locks.path());
    let root = tools.ensure("set", &["a"], &ignore).unwrap_or_else(|error| panic!("{error}"));
    for program in ["usr/bin/tool", "usr/bin/old", "bin/old", "usr/bin/link", "usr/bin/same"] {
        let output = root.command(program).expect("a program").arg("runs").output().expect("it runs");
        assert_eq!(output.stdout, b"tool runs\n", "{program}");
    }
    assert!(!root.path().join("usr/share/doc").exists());
    let wrappers = tempfile::tempdir().expect("a folder");
    root.write_wrappers(&wrappers.path().join("it's"), &["tool"]).expect("a wrapper");
    let output =
        std::process::Command::new(wrappers.path().join("it's/tool")).arg("a b").output().expect("it runs");
    assert_eq!(output.stdout, b"tool a b\n");
    let before = world.server.requests("").len();
    assert_eq!(tools.ensure("set", &["a"], &ignore).expect("they are there").path(), root.path());
    assert_eq!(world.server.requests("").len(), before);
}

#[test]
fn tools_that_the_archive_has_dropped_are_replaced() {
    let mut world = world(&[("./usr/bin/tool", b'0', SCRIPT, "")]);
    let locks = tempfile::tempdir().expect("a folder");
    Tools::new(&world.archive(), locks.path()).ensure("set", &["a"], &ignore).expect("they are laid out");
    std::fs::remove_dir_all(world.store()).expect("the store is lost");
    world.server.remove("pool/a_1.0-1.deb");
    world.add("a", "2.0-1", "Depends: b\n", &[("./usr/bin/tool", b'0', b"#!/bin/sh\necho new\n", "")]);
    world.publish();
    let archive = world.archive();
    let root = Tools::new(&archive, locks.path()).ensure("set", &["a"], &ignore);
    let root = root.unwrap_or_else(|error| panic!("{error}"));
    let output = root.command("usr/bin/tool").expect("a program").output().expect("it runs");
    assert_eq!(output.stdout, b"new\n");
}

#[test]
fn links_never_lead_the_writer_out_of_the_folder() {
    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().display().to_string();
    let mut world = world(&[
        ("./usr/share/evil", b'2', b"", &target),
        ("./usr/bin/tool", b'2', b"", &format!("{target}/x")),
    ]);
    world.add("b", "1.0-1", "", &[("./usr/share/evil/file", b'0', b"x", "")]);
    world.publish();
    let locks = tempfile::tempdir().expect("a folder");
    let archive = world.archive();
    let root = Tools::new(&archive, locks.path()).ensure("set", &["a"], &ignore).expect("they are laid out");
    assert_eq!(std::fs::read_dir(outside.path()).expect("a folder").count(), 0);
    let inside = root.path().join(target.trim_start_matches('/')).join("file");
    assert_eq!(std::fs::read(inside).expect("the file lies where the link leads inside"), b"x");
    assert!(root.command("usr/bin/tool").is_err());
}

#[test]
fn what_can_not_be_started_is_told() {
    let up: &str = "../../../../x";
    let world = world(&[("./usr/bin/data", b'0', b"data", ""), ("./usr/bin/odd", b'0', b"#!\n", "")]);
    let locks = tempfile::tempdir().expect("a folder");
    let archive = world.archive();
    let root = Tools::new(&archive, locks.path()).ensure("set", &["a"], &ignore).expect("they are laid out");
    let told: Vec<String> = ["usr/bin/none", "usr/bin/data", "usr/bin/odd", up]
        .into_iter()
        .map(|program| root.command(program).expect_err("it can't be started").to_string())
        .collect();
    let told = told.join("\n").replace(&root.path().display().to_string(), "/root");
    insta::assert_snapshot!(told);
}
