//! The store: entries, folders, and taking out what nobody needs.

use std::path::Path;
use std::time::{Duration, SystemTime};

use corten_archive::hash::ContentHash;
use corten_archive::store::gc::Keep;
use corten_archive::store::partial::Claim;
use corten_archive::store::verify::Damaged;
use corten_archive::store::{Store, StoreError};

fn put(store: &Store, content: &[u8]) -> ContentHash {
    let hash = ContentHash::of(content);
    if let Claim::Download(mut partial) = store.claim(hash).expect("a claim") {
        partial.append(content).expect("it is written");
        partial.complete().expect("it is complete");
    }
    hash
}

fn age(path: &Path, days: u64) {
    let time = SystemTime::now() - Duration::from_hours(24 * days);
    std::fs::File::options()
        .write(true)
        .open(path)
        .expect("a file")
        .set_modified(time)
        .expect("its time is set");
}

#[test]
fn files_are_found_by_their_hash_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let hash = put(&store, b"content");
    assert_eq!(store.read(hash).expect("it is read").as_deref(), Some(&b"content"[..]));
    assert_eq!(store.read(ContentHash::of(b"other")).expect("it is read"), None);
    assert!(matches!(store.claim(hash), Ok(Claim::Complete)));
}

#[test]
fn what_does_not_fit_its_hash_never_gets_a_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let hash = ContentHash::of(b"content");
    let Ok(Claim::Download(mut partial)) = store.claim(hash) else { panic!("nothing is there yet") };
    partial.append(b"contemt").expect("it is written");
    assert!(matches!(partial.complete(), Err(StoreError::Damaged { .. })));
    assert!(!store.contains(hash));
}

#[test]
fn damaged_files_are_found_and_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let (good, bad) = (put(&store, b"good"), put(&store, b"bad"));
    std::fs::write(store.blob_path(bad), b"worse").expect("it is damaged");
    let found = store.verify(Damaged::Report).expect("it is verified");
    assert_eq!((found.files, found.damaged.len()), (2, 1));
    assert_eq!(store.verify(Damaged::Remove).expect("it is verified").damaged, [store.blob_path(bad)]);
    assert!(store.contains(good) && !store.contains(bad));
}

#[test]
fn entries_of_a_cache_are_whole_or_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = Store::open(folder.path()).expect("a store").cache("pieces").expect("a cache");
    assert_eq!(cache.get("key").expect("it is read"), None);
    for content in [&b"one"[..], b"", &vec![7; 100_000]] {
        cache.put("key", content).expect("it is written");
        assert_eq!(cache.get("key").expect("it is read").as_deref(), Some(content));
    }
    let path = folder.path().join("cache/pieces/key");
    let mut bytes = std::fs::read(&path).expect("the entry");
    bytes[50_000] ^= 1;
    std::fs::write(&path, &bytes).expect("it is damaged");
    assert_eq!(cache.get("key").expect("it is read"), None);
    std::fs::write(&path, &bytes[..10]).expect("it is cut off");
    assert_eq!(cache.get("key").expect("it is read"), None);
    for key in ["", "../x", "a/b", ".hidden", "a\0b"] {
        assert!(matches!(cache.put(key, b""), Err(StoreError::Key(_))), "{key:?}");
    }
}

#[test]
fn a_folder_that_fails_half_way_does_not_exist() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let failed = store.make_tree("tools", "key", |path| {
        std::fs::write(path.join("file"), b"").expect("it is written");
        Err(StoreError::NoPlace)
    });
    assert!(failed.is_err());
    assert_eq!(store.tree("tools", "key").expect("it is looked for"), None);
    assert_eq!(std::fs::read_dir(folder.path().join("trees/tools")).expect("a folder").count(), 0);
    let fill = |path: &Path| std::fs::write(path.join("file"), b"x").map_err(|_| StoreError::NoPlace);
    let made = store.make_tree("tools", "key", fill).expect("it is made");
    assert_eq!(store.make_tree("tools", "key", fill).expect("it is there"), made);
    assert_eq!(store.tree("tools", "key").expect("it is looked for"), Some(made));
}

#[test]
fn collecting_keeps_what_is_named_or_young() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(folder.path()).expect("a store");
    let (named, young, old) = (put(&store, b"named"), put(&store, b"young"), put(&store, b"old"));
    let cache = store.cache("pieces").expect("a cache");
    cache.put("young", b"").expect("it is written");
    cache.put("old", b"").expect("it is written");
    let tree = store.make_tree("tools", "old", |_| Ok::<(), StoreError>(())).expect("a folder");
    age(&store.blob_path(named), 40);
    age(&store.blob_path(old), 40);
    age(&folder.path().join("cache/pieces/old"), 40);
    age(&tree.join(".complete"), 40);
    let keep = Keep::younger_than(Duration::from_hours(24 * 30), SystemTime::now()).and_file(named);
    let collected = store.collect(&keep).expect("it is collected");
    assert_eq!((collected.removed, collected.kept), (3, 3));
    assert!(store.contains(named) && store.contains(young) && !store.contains(old) && !tree.exists());
    assert!(
        cache.get("young").expect("it is read").is_some() && cache.get("old").expect("it is read").is_none()
    );
}

#[test]
fn reading_makes_a_file_young_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(folder.path()).expect("a store");
    let hash = put(&store, b"used");
    age(&store.blob_path(hash), 40);
    store.read(hash).expect("it is read");
    let keep = Keep::younger_than(Duration::from_hours(24 * 30), SystemTime::now());
    assert_eq!(store.collect(&keep).expect("it is collected").removed, 0);
}

#[test]
fn nothing_is_collected_while_another_build_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = Store::open(folder.path()).expect("a store");
    let keep = Keep::younger_than(Duration::ZERO, SystemTime::now());
    let other = Store::open(folder.path()).expect("a store");
    assert!(matches!(store.collect(&keep), Err(StoreError::InUse(_))));
    drop(other);
    store.collect(&keep).expect("it is alone now");
}
