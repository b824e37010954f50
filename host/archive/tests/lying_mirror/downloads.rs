//! Packages that come wrong, late, or not at all.

use std::sync::Barrier;

use corten_archive::archive::LockPolicy;
use corten_archive::event::{Event, ignore};
use corten_archive::store::verify::Damaged;

use crate::server::Manner;
use crate::world::World;

const FILE: &str = "pool/a_1.0-1.deb";

#[test]
fn what_is_wrong_with_a_package_is_told() {
    let manners = [
        ("a byte changed", Manner::Flip(1000)),
        ("a huge one", Manner::Claim(1 << 40)),
        ("without end", Manner::Endless),
        ("cut off at once", Manner::Cut { after: 0, requests: 99 }),
        ("missing", Manner::Status { status: 404, requests: 99 }),
        ("forbidden", Manner::Status { status: 403, requests: 99 }),
        ("a failing server", Manner::Status { status: 500, requests: 99 }),
        ("stalled", Manner::Stall { after: 0 }),
    ];
    let mut told = Vec::new();
    for (what, manner) in manners {
        let world = World::new();
        world.server.behave(FILE, manner);
        told.push(format!("{what}:\n  {}", world.failure()));
        let store = world.archive().store().verify(Damaged::Report).expect("the store is read");
        assert!(store.damaged.is_empty(), "{what}: {store:?}");
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_huge_file_is_refused_before_it_is_read() {
    let world = World::new();
    world.server.behave(FILE, Manner::Endless);
    world.build().expect_err("it is refused");
    let partial = std::fs::read_dir(world.store().join("partial")).expect("a folder");
    assert_eq!(
        partial.flatten().map(|entry| entry.metadata().expect("metadata").len()).max().unwrap_or(0),
        0
    );
}

#[test]
fn a_download_that_is_cut_off_goes_on_where_it_ended() {
    let world = World::new();
    world.server.behave(FILE, Manner::Cut { after: 100_000, requests: 2 });
    assert_eq!(world.build(), Ok(2));
    let requests = world.server.requests(FILE);
    assert_eq!(
        requests,
        [
            "/debian/pool/a_1.0-1.deb",
            "/debian/pool/a_1.0-1.deb from 100000",
            "/debian/pool/a_1.0-1.deb from 200000"
        ]
    );
}

#[test]
fn the_next_process_goes_on_with_what_the_last_one_left() {
    let world = World::new();
    world.server.behave(FILE, Manner::Cut { after: 150_000, requests: 9 });
    let lock = world.lock().expect("a lock");
    let fail = |event: Event| {
        if matches!(event, Event::DownloadRetried { .. }) {
            world.server.behave(FILE, Manner::Stall { after: 0 });
        }
    };
    world.archive().fetch(&lock, &["a"], &fail).expect_err("it stalls");
    world.server.behave(FILE, Manner::Good);
    assert_eq!(world.build(), Ok(2));
    assert!(world.server.requests(FILE).last().is_some_and(|request| request.contains(" from ")));
}

#[test]
fn a_part_that_is_damaged_or_too_long_is_fetched_anew() {
    for content in [vec![b'x'; 1000], vec![b'x'; 10_000_000]] {
        let world = World::new();
        let lock = world.lock().expect("a lock");
        let hash = lock.package("a").expect("in the lock").sha256;
        std::fs::write(world.store().join(format!("partial/{hash}.part")), content).expect("a part is left");
        assert_eq!(world.build(), Ok(2));
    }
}

#[test]
fn a_server_without_ranges_is_read_from_the_start() {
    let world = World::new();
    world.server.behave(FILE, Manner::Cut { after: 100_000, requests: 1 });
    let lock = world.lock().expect("a lock");
    let archive = world.archive();
    let switch = |event: Event| {
        if matches!(event, Event::DownloadRetried { .. }) {
            world.server.behave(FILE, Manner::Whole);
        }
    };
    archive.fetch(&lock, &["a"], &switch).expect("it is fetched");
    assert_eq!(archive.unpack(&lock, &["a"], &ignore).expect("it is unpacked").len(), 1);
}

#[test]
fn two_processes_fetch_a_file_once() {
    let world = World::new();
    let lock = world.lock().expect("a lock");
    let start = Barrier::new(2);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let archive = world.archive();
                start.wait();
                archive.fetch(&lock, &["a", "b"], &ignore).expect("it is fetched");
                assert_eq!(archive.unpack(&lock, &["a", "b"], &ignore).expect("it is unpacked").len(), 2);
            });
        }
    });
    assert_eq!(world.server.requests("pool/").len(), 2);
}

#[test]
fn a_damaged_file_of_the_store_is_fetched_again() {
    let world = World::new();
    world.build().expect("a build");
    let lock = world.lock().expect("a lock");
    let path = world.archive().store().blob_path(lock.package("b").expect("in the lock").sha256);
    std::fs::write(&path, b"damaged").expect("it is damaged");
    let found = world.archive().store().verify(Damaged::Report).expect("the store is read");
    assert_eq!(found.damaged, [path]);
    let offline = world.offline().unpack(&lock, &["b"], &ignore).expect_err("it can't be fetched");
    assert_eq!(offline.to_string(), "the store lacks 1 file and --offline forbids to fetch: b 1.0-1");
    assert_eq!(world.build(), Ok(2));
}

#[test]
fn without_the_network_the_store_is_enough() {
    let world = World::new();
    let requests = ["a".to_owned()];
    let none = world.offline().lock_for(&requests, None, &LockPolicy::Use, &ignore).expect_err("no lock");
    let lock = world.lock().expect("a lock");
    let missing = world.offline().fetch(&lock, &["a", "b"], &ignore).expect_err("nothing is there");
    insta::assert_snapshot!(format!("{none}\n{missing}"));
    world.build().expect("a build");
    let before = world.server.requests("").len();
    let offline = world.offline();
    assert_eq!(
        offline.lock_for(&requests, Some(&lock), &LockPolicy::Use, &ignore).expect("the lock fits"),
        lock
    );
    assert_eq!(offline.unpack(&lock, &["a", "b"], &ignore).expect("all is there").len(), 2);
    assert_eq!(world.server.requests("").len(), before);
}

#[test]
fn only_what_is_asked_for_is_fetched() {
    let world = World::new();
    let lock = world.lock().expect("a lock");
    world.archive().fetch(&lock, &["b"], &ignore).expect("it is fetched");
    assert_eq!(world.server.requests("pool/"), ["/debian/pool/b_1.0-1.deb"]);
}
