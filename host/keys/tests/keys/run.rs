//! The keys of `corten run`.

use std::fs;
use std::path::Path;

use corten_api::identity::{Certificate, certificates};
use corten_api::role::Role;
use corten_api::tls::check_client;
use corten_keys::{KeyFolder, KeysError, RunKeys};
use jiff::{Span, Timestamp};

use crate::{all, mode, name, then};

fn load(folder: &Path, now: Timestamp) -> RunKeys {
    let keys = RunKeys::load_or_make(folder, now).expect("they are made");
    // Whatever was there before, these fit each other for a day.
    for hours in [0, 24] {
        let at = (now + Span::new().hours(hours)).as_second();
        let client = check_client(&keys.admin().chain, &[keys.authority().into()], at).expect("it is let in");
        assert_eq!(client.role, Role::Admin);
    }
    keys.admin().check().expect("key and certificate are of one");
    keys
}

fn days(days: i64) -> Timestamp {
    then() + Span::new().hours(24 * days)
}

#[test]
fn they_are_made_once_and_kept() {
    let above = tempfile::tempdir().expect("a folder");
    let place = above.path().join("corten/run-keys");
    let first = load(&place, then());
    assert_eq!(mode(&place), 0o700);
    let files = all(&place);
    assert_eq!(files.len(), 5, "{files:?}");
    assert!(
        files.iter().filter(|it| it.extension().is_some_and(|it| it == "key")).all(|it| mode(it) == 0o600)
    );

    let second = load(&place, days(300));
    assert_eq!((second.authority(), second.admin()), (first.authority(), first.admin()));
    assert_eq!(second.admin_files().read().expect("it is read"), *first.admin());
}

#[test]
fn what_ends_within_a_day_is_renewed() {
    let place = tempfile::tempdir().expect("a folder");
    let first = load(place.path(), then());
    assert_eq!(load(place.path(), days(363)).admin(), first.admin());
    let renewed = load(place.path(), days(365));
    assert_eq!(renewed.authority(), first.authority());
    assert_ne!(renewed.admin(), first.admin());
    // The authority's last days make a short certificate, then there is another authority.
    let last = load(place.path(), days(3_648));
    assert_eq!(last.authority(), first.authority());
    assert_ne!(load(place.path(), days(3_650)).authority(), first.authority());
    // A clock that went back before all of it.
    load(place.path(), days(-100));
}

#[test]
fn what_is_damaged_or_of_another_is_made_anew() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = KeyFolder::new(place.path());
    let mut before = load(place.path(), then());
    for (file, authority_stays) in [
        (folder.authority_files().key, false),
        (folder.authority_files().certificate, false),
        (folder.admin_files().key, true),
        (folder.admin_files().certificate, true),
    ] {
        for damage in [Some(b"".as_slice()), Some(b"\xff\xfe"), None] {
            match damage {
                Some(bytes) => fs::write(&file, bytes).expect("it is written"),
                None => fs::remove_file(&file).expect("it is removed"),
            }
            let after = load(place.path(), then());
            assert_eq!(after.authority() == before.authority(), authority_stays, "{}", file.display());
            assert_ne!(after.admin(), before.admin());
            before = after;
        }
    }

    // An interruption between two files: the key of one, the certificate of the other.
    let other = tempfile::tempdir().expect("a folder");
    load(other.path(), then());
    let of_other = KeyFolder::new(other.path());
    fs::copy(of_other.admin_files().key, folder.admin_files().key).expect("it is copied");
    load(place.path(), then());
    fs::copy(of_other.authority_files().key, folder.authority_files().key).expect("it is copied");
    load(place.path(), then());
    // All of another's administrator.
    for (from, to) in [
        (of_other.admin_files().key, folder.admin_files().key),
        (of_other.admin_files().certificate, folder.admin_files().certificate),
    ] {
        fs::copy(from, to).expect("it is copied");
    }
    load(place.path(), then());
}

#[test]
fn many_at_a_time_get_the_same() {
    let place = tempfile::tempdir().expect("a folder");
    let all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| load(place.path(), then()))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it ends")).collect::<Vec<_>>()
    });
    for keys in &all {
        assert_eq!((keys.authority(), keys.admin()), (all[0].authority(), all[0].admin()));
    }
}

#[test]
fn a_node_gets_a_certificate_of_the_same_authority() {
    let place = tempfile::tempdir().expect("a folder");
    let keys = load(place.path(), then());
    let node = keys.node_certificate(&name("demo"), &["127.0.0.1".parse().expect("an address")]);
    let node = node.expect("it is issued");
    let read = Certificate::read_node(&certificates(&node.chain).expect("PEM")[0]).expect("it is a node's");
    assert_eq!(read.name, "demo");
    assert!(keys.machine_configuration(&node).contains(keys.authority()));
}

#[test]
fn a_folder_that_cannot_be_is_an_error() {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("file");
    fs::write(&file, "").expect("it is written");
    assert!(matches!(RunKeys::load_or_make(&file, then()), Err(KeysError::File { .. })));
    assert!(matches!(RunKeys::load_or_make(&file.join("below"), then()), Err(KeysError::File { .. })));
}
