//! Packages that are signed for, but want to get out of their folder or are not what they say.

use crate::world::{TarFile, World, deb};

fn told(files: &[TarFile<'_>]) -> String {
    let mut world = World::new();
    world.add("b", "1.0-1", "", files);
    world.publish();
    world.failure()
}

#[test]
fn packages_that_reach_outside_are_refused() {
    let cases: [(&str, &[TarFile<'_>]); 9] = [
        ("a parent", &[("./../etc/passwd", b'0', b"x", "")]),
        ("an absolute path", &[("/etc/passwd", b'0', b"x", "")]),
        ("below a link", &[("./a", b'2', b"", "/etc"), ("./a/passwd", b'0', b"x", "")]),
        ("below a link that comes later", &[("./a/passwd", b'0', b"x", ""), ("./a", b'2', b"", "/etc")]),
        ("below a file", &[("./a", b'0', b"", ""), ("./a/b", b'0', b"x", "")]),
        ("a hard link outside", &[("./a", b'1', b"", "/etc/shadow")]),
        ("a hard link to nothing", &[("./a", b'1', b"", "./b")]),
        ("the same path twice", &[("./a", b'0', b"", ""), ("././a", b'0', b"", "")]),
        ("an unknown type", &[("./a", b'S', b"", "")]),
    ];
    let told: Vec<String> = cases.iter().map(|(what, files)| format!("{what}:\n  {}", told(files))).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_package_other_than_the_index_says_is_refused() {
    let mut world = World::new();
    for (name, _, _, file) in &mut world.packages {
        if name == "b" {
            *file = deb("evil", "6.6", &[]);
        }
    }
    world.publish();
    insta::assert_snapshot!(world.failure());
}

#[test]
fn what_is_no_package_is_refused() {
    let mut world = World::new();
    for (name, _, _, file) in &mut world.packages {
        if name == "b" {
            *file = b"<html>".to_vec();
        }
    }
    world.publish();
    insta::assert_snapshot!(world.failure());
}

#[test]
fn a_package_that_unpacks_to_too_much_is_refused() {
    let world = World::new();
    let lock = world.lock().expect("a lock");
    let mut settings = world.settings();
    settings.limits.bytes = 10_000;
    let archive = corten_archive::Archive::open(settings).expect("the store opens");
    let error = archive.unpack(&lock, &["a"], &corten_archive::event::ignore).expect_err("it is too large");
    insta::assert_snapshot!(error.to_string());
}
