//! What becomes of a lock when the archive moves on.

use corten_archive::archive::LockPolicy;
use corten_archive::event::ignore;
use corten_archive::lock::Lock;

use crate::world::{DATE, World};

fn versions(lock: &Lock) -> Vec<String> {
    lock.packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}

/// A world whose archive has moved on to the next versions, and the lock from before.
fn moved_on() -> (World, Lock) {
    let mut world = World::new();
    let lock = world.lock().expect("a lock");
    world.add("a", "1.1-1", "Depends: b (>= 1)\n", &[("./usr/bin/a", b'0', b"new", "")]);
    world.add("b", "1.1-1", "", &[("./usr/lib/b", b'0', b"new", "")]);
    world.packages.push(("b".into(), "1.0-1".into(), String::new(), b"old".to_vec()));
    world.packages.push(("a".into(), "1.0-1".into(), "Depends: b (>= 1)\n".into(), b"old".to_vec()));
    world.release_fields = world.release_fields.replace(DATE, "Wed, 11 Jan 2040 10:00:00 UTC");
    world.publish();
    (world, lock)
}

fn lock_for(world: &World, requests: &[&str], lock: &Lock, policy: &LockPolicy) -> Result<Lock, String> {
    let requests: Vec<String> = requests.iter().map(ToString::to_string).collect();
    world.archive().lock_for(&requests, Some(lock), policy, &ignore).map_err(|error| error.to_string())
}

#[test]
fn a_lock_that_fits_is_used_as_it_is() {
    let (world, lock) = moved_on();
    let before = world.server.requests("").len();
    assert_eq!(lock_for(&world, &["a"], &lock, &LockPolicy::Use).as_ref(), Ok(&lock));
    assert_eq!(world.server.requests("").len(), before);
}

#[test]
fn only_what_is_named_moves() {
    let (world, lock) = moved_on();
    let named = LockPolicy::Update(vec!["a".into()]);
    assert_eq!(versions(&lock_for(&world, &["a"], &lock, &named).expect("a lock")), ["a 1.1-1", "b 1.0-1"]);
    assert_eq!(
        versions(&lock_for(&world, &["a"], &lock, &LockPolicy::UpdateAll).expect("a lock")),
        ["a 1.1-1", "b 1.1-1"]
    );
}

#[test]
fn what_the_named_package_needs_moves_with_it() {
    let (mut world, lock) = moved_on();
    world.add("a", "1.2-1", "Depends: b (>= 1.1)\n", &[]);
    world.publish();
    let named = LockPolicy::Update(vec!["a".into()]);
    assert_eq!(versions(&lock_for(&world, &["a"], &lock, &named).expect("a lock")), ["a 1.2-1", "b 1.1-1"]);
}

#[test]
fn a_new_request_leaves_the_rest_as_it_was() {
    let (mut world, lock) = moved_on();
    world.add("c", "3-1", "Depends: b\n", &[]);
    world.publish();
    let new = lock_for(&world, &["a", "c"], &lock, &LockPolicy::Use).expect("a lock");
    assert_eq!(versions(&new), ["a 1.0-1", "b 1.0-1", "c 3-1"]);
    assert_eq!(new.package("c").expect("in the lock").depends, ["b"]);
}

#[test]
fn a_locked_package_that_the_archive_has_dropped_is_named() {
    let (mut world, lock) = moved_on();
    world.packages.retain(|(_, version, ..)| version != "1.0-1");
    world.server.remove("pool/a_1.0-1.deb");
    world.publish();
    let gone = world.archive().fetch(&lock, &["a"], &ignore).expect_err("it is gone");
    assert_eq!(gone.class(), corten_archive::Class::Lock);
    insta::assert_snapshot!(gone.to_string());
    let named = LockPolicy::Update(vec!["a".into()]);
    assert_eq!(versions(&lock_for(&world, &["a"], &lock, &named).expect("a lock"))[0], "a 1.1-1");
}

#[test]
fn a_lock_that_does_not_fit_is_told_apart() {
    let (world, lock) = moved_on();
    let mut told = vec![lock_for(&world, &["b"], &lock, &LockPolicy::Locked).expect_err("another request")];
    let mut other = lock.clone();
    other.suite = "older".into();
    told.push(lock_for(&world, &["a"], &other, &LockPolicy::Locked).expect_err("another suite"));
    let unknown = LockPolicy::Update(vec!["aa".into()]);
    told.push(lock_for(&world, &["a"], &lock, &unknown).expect_err("an unknown package"));
    let none = world.archive().lock_for(&["a".into()], None, &LockPolicy::Locked, &ignore);
    told.push(none.expect_err("no lock").to_string());
    insta::assert_snapshot!(told.join("\n"));
}
