//! Releases and indexes that are not what they should be.

use corten_archive::archive::LockPolicy;
use corten_archive::event::ignore;

use crate::server::Manner;
use crate::world::{DATE, World, archive_key, clearsign, key};

const IN_RELEASE: &str = "dists/test/InRelease";

#[test]
fn an_honest_mirror_is_read() {
    assert_eq!(World::new().build(), Ok(2));
}

#[test]
fn releases_that_are_not_signed_by_the_archive_are_refused() {
    let world = World::new();
    let good = String::from_utf8(clearsign(&world.release(), archive_key())).expect("text");
    let cases = [
        ("unsigned", world.release().into_bytes()),
        ("signed by another key", clearsign(&world.release(), &key(2))),
        ("tampered with", good.replace("Codename: test", "Codename: evil").into_bytes()),
        ("with other text before", format!("Codename: evil\n{good}").into_bytes()),
        ("cut off", good.as_bytes()[..good.len() / 2].to_vec()),
        ("empty", Vec::new()),
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|(what, message)| {
            world.server.put(IN_RELEASE, message);
            format!("{what}:\n  {}", world.failure())
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn releases_of_the_wrong_time_or_suite_are_refused() {
    let mut world = World::new();
    let good = world.release_fields.clone();
    let cases = [
        ("expired", good.clone() + "Valid-Until: Sat, 14 Jan 2040 00:00:00 UTC\n"),
        ("from the future", good.replace(DATE, "Mon, 16 Jan 2040 10:00:00 UTC")),
        ("of another suite", good.replace("stable", "other").replace("Codename: test", "Codename: other")),
        ("without a date", good.replace(&format!("Date: {DATE}\n"), "")),
    ];
    let mut told = Vec::new();
    for (what, fields) in cases {
        world.release_fields = fields;
        world.publish();
        told.push(format!("{what}:\n  {}", world.failure()));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_release_that_is_valid_for_long_enough_is_read() {
    let mut world = World::new();
    world.release_fields += "Valid-Until: Sun, 15 Jan 2040 12:00:01 UTC\n";
    world.publish();
    assert_eq!(world.build(), Ok(2));
}

#[test]
fn a_release_that_is_older_than_the_lock_is_refused() {
    let mut world = World::new();
    let lock = world.lock().expect("a lock");
    world.release_fields = world.release_fields.replace(DATE, "Mon, 09 Jan 2040 10:00:00 UTC");
    world.publish();
    let error = world.archive().lock_for(&["a".into()], Some(&lock), &LockPolicy::UpdateAll, &ignore);
    let error = error.expect_err("a replay is refused");
    insta::assert_snapshot!(world.server.anonymous(&error.to_string()));
}

#[test]
fn a_suite_that_a_lock_knows_must_not_disappear() {
    let mut world = World::new();
    world.release_fields =
        world.release_fields.replace("stable", "x").replace("Codename: test", "Codename: test-updates");
    world.server.put("dists/test-updates/main/binary-amd64/Packages", world.index().into_bytes());
    world.server.put("dists/test-updates/InRelease", clearsign(&world.release(), archive_key()));
    let lock = world.lock().expect("a lock");
    assert_eq!(
        lock.suites.iter().map(|suite| suite.name.as_str()).collect::<Vec<_>>(),
        ["test", "test-updates"]
    );
    world.server.remove("dists/test-updates/InRelease");
    let error = world.archive().lock_for(&["a".into()], Some(&lock), &LockPolicy::UpdateAll, &ignore);
    let error = error.expect_err("the suite is gone");
    insta::assert_snapshot!(world.server.anonymous(&error.to_string()));
}

#[test]
fn indexes_that_are_not_the_signed_ones_are_refused() {
    let world = World::new();
    let path = "binary-amd64/Packages";
    let manners = [
        ("a byte changed", Manner::Flip(20)),
        ("a longer one", Manner::Claim(1 << 40)),
        ("without end", Manner::Endless),
        ("cut off", Manner::Cut { after: 0, requests: 9 }),
        ("missing", Manner::Status { status: 404, requests: 9 }),
    ];
    let mut told = Vec::new();
    for (what, manner) in manners {
        world.server.behave(path, manner);
        told.push(format!("{what}:\n  {}", world.failure()));
        // What a cut-off download left would be gone on with.
        let _ = std::fs::remove_dir_all(world.store());
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_index_without_a_sha256_is_refused() {
    let world = World::new();
    let release = world.release().replace("SHA256:\n", "MD5Sum:\n");
    world.server.put(IN_RELEASE, clearsign(&release, archive_key()));
    insta::assert_snapshot!(world.failure());
}

#[test]
fn a_server_that_fails_for_a_moment_is_asked_again() {
    let world = World::new();
    world.server.behave(IN_RELEASE, Manner::Status { status: 503, requests: 1 });
    assert_eq!(world.build(), Ok(2));
    world.server.behave(IN_RELEASE, Manner::Status { status: 503, requests: 9 });
    insta::assert_snapshot!(world.failure());
}
