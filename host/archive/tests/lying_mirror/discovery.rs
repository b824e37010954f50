//! Finding the mirror in a host's apt configuration.

use std::path::Path;
use std::sync::Mutex;

use corten_archive::archive::{Archive, LockPolicy};
use corten_archive::event::Event;
use corten_archive::mirror::MirrorChoice;

use crate::server::Manner;
use crate::world::{World, archive_key, clearsign, key};

/// An archive that reads this apt configuration.
fn archive(world: &World, apt: &Path) -> Archive {
    let mut settings = world.settings();
    settings.mirror = MirrorChoice::Host(apt.to_owned());
    Archive::open(settings).expect("the store opens")
}

fn write(apt: &Path, path: &str, content: &str) {
    let path = apt.join(path);
    std::fs::create_dir_all(path.parent().expect("below a folder")).expect("a folder");
    std::fs::write(path, content).expect("a file");
}

/// Security updates of the world, at this address below the server.
fn serve_security(world: &World) {
    let index = world.index();
    let release = world.release().replace("stable", "x").replace("Codename: test", "Codename: test-security");
    world.server.put("security/dists/test-security/main/binary-amd64/Packages", index.into_bytes());
    world.server.put("security/dists/test-security/InRelease", clearsign(&release, archive_key()));
}

#[test]
fn sources_of_others_are_passed_over() {
    let world = World::new();
    serve_security(&world);
    let foreign = world.release().replace("Origin: Debian", "Origin: Third Party");
    world.server.put("third/dists/test/InRelease", clearsign(&foreign, archive_key()));
    world.server.put("stranger/dists/test/InRelease", clearsign(&world.release(), &key(2)));
    let apt = tempfile::tempdir().expect("a folder");
    let url = world.server.url();
    let lists = format!("deb {url}/third test main\ndeb {url}/empty test main\n# deb {url}/off test main\n");
    write(apt.path(), "sources.list", &lists);
    let sources = format!(
        "Types: deb\nURIs: {url}/stranger\nSuites: test\nComponents: main\n\n\
         Types: deb\nURIs: {url}/\nSuites: older older-updates\nComponents: main\n\n\
         Types: deb\nURIs: {url}/security\nSuites: older-security\nComponents: main\n"
    );
    write(apt.path(), "sources.list.d/debian.sources", &sources);
    write(
        apt.path(),
        "sources.list.d/ignored.sources.disabled",
        "Types: deb\nURIs: http://never.test\nSuites: test\n",
    );
    let told = Mutex::new(Vec::new());
    let note = |event| {
        if let Event::MirrorPassedOver { url, why } = event {
            told.lock().expect("no panic").push(format!("{url}: {why}"));
        }
    };
    let archive = archive(&world, apt.path());
    let mirror = archive.mirror(&note).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (mirror.main.clone(), mirror.security.clone()),
        (url.clone(), Some(format!("{url}/security")))
    );
    insta::assert_snapshot!(world.server.anonymous(&told.lock().expect("no panic").join("\n")));
    let lock =
        archive.lock_for(&["a".into()], None, &LockPolicy::Use, &note).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        lock.suites.iter().map(|suite| suite.name.as_str()).collect::<Vec<_>>(),
        ["test", "test-security"]
    );
    assert!(!lock.to_toml().contains("127.0.0.1"), "a lock names no host");
}

#[test]
fn a_host_without_a_fitting_source_is_told_why() {
    let world = World::new();
    let apt = tempfile::tempdir().expect("a folder");
    let folder = apt.path().display().to_string();
    let tell = || {
        let archive = archive(&world, apt.path());
        let error = archive.mirror(&corten_archive::event::ignore).expect_err("there is none").to_string();
        world.server.anonymous(&error).replace(&folder, "/etc/apt")
    };
    let none = tell();
    write(apt.path(), "sources.list", &format!("deb {}/empty test main\n", world.server.url()));
    insta::assert_snapshot!(format!("{none}\n{}", tell()));
}

#[test]
fn the_proxy_of_apt_is_asked_for_whole_addresses() {
    let world = World::new();
    let apt = tempfile::tempdir().expect("a folder");
    write(apt.path(), "sources.list", "deb http://mirror.test/debian test main\n");
    let proxy = format!("Acquire::http::Proxy \"http://user:password@{}/\";\n", world.server.host());
    write(apt.path(), "apt.conf.d/50proxy", &proxy);
    world.server.behave("pool/a_1.0-1.deb", Manner::Cut { after: 100_000, requests: 1 });
    let archive = archive(&world, apt.path());
    let ignore = corten_archive::event::ignore;
    let lock =
        archive.lock_for(&["a".into()], None, &LockPolicy::Use, &ignore).unwrap_or_else(|e| panic!("{e}"));
    archive.fetch(&lock, &["a"], &ignore).unwrap_or_else(|error| panic!("{error}"));
    let requests = world.server.requests("pool/a");
    assert_eq!(
        requests,
        [
            "http://mirror.test/debian/pool/a_1.0-1.deb",
            "http://mirror.test/debian/pool/a_1.0-1.deb from 100000"
        ]
    );
}

#[test]
fn a_proxy_that_stalls_or_refuses_is_told() {
    let world = World::new();
    let apt = tempfile::tempdir().expect("a folder");
    write(apt.path(), "sources.list", "deb http://mirror.test/debian test main\n");
    write(apt.path(), "apt.conf", &format!("Acquire::http::Proxy \"http://{}\";", world.server.host()));
    let archive = archive(&world, apt.path());
    let ignore = corten_archive::event::ignore;
    let lock =
        archive.lock_for(&["a".into()], None, &LockPolicy::Use, &ignore).unwrap_or_else(|e| panic!("{e}"));
    let mut told = Vec::new();
    for manner in [Manner::Stall { after: 10 }, Manner::Status { status: 407, requests: 9 }] {
        world.server.behave("pool/b", manner);
        told.push(archive.fetch(&lock, &["b"], &ignore).expect_err("it fails").to_string());
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_address_that_is_none_is_refused() {
    let world = World::new();
    let told: Vec<String> = ["mirror.test/debian", "ftp://mirror.test", "http://mirror.test/de bian"]
        .into_iter()
        .map(|url| {
            let mut settings = world.settings();
            settings.mirror = MirrorChoice::Given { main: url.into(), security: None };
            let archive = Archive::open(settings).expect("the store opens");
            archive.mirror(&corten_archive::event::ignore).expect_err("no address").to_string()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}
