//! The file `corten.lock`: written and read back, and what is said of broken ones.

use std::path::Path;

use corten_archive::hash::ContentHash;
use corten_archive::index::Extra;
use corten_archive::lock::{FORMAT, Lock, LockedPackage, LockedSuite};
use corten_archive::mirror::Role;

fn package(name: &str, depends: &[&str]) -> LockedPackage {
    LockedPackage {
        name: name.into(),
        version: "1:1.0~rc1-1+b1".into(),
        architecture: "amd64".into(),
        archive: Role::Security,
        path: format!("pool/main/{name}.deb"),
        size: 12_345,
        sha256: ContentHash::of(name.as_bytes()),
        source: "src".into(),
        source_version: "1:1.0~rc1-1".into(),
        depends: depends.iter().map(ToString::to_string).collect(),
    }
}

fn lock() -> Lock {
    Lock {
        format: FORMAT,
        suite: "trixie".into(),
        architecture: "amd64".into(),
        components: vec!["main".into()],
        extra: Extra::ALL.to_vec(),
        requested: vec!["crun".into(), "libc6 (>= 2.41)".into()],
        suites: vec![LockedSuite {
            name: "trixie".into(),
            archive: Role::Main,
            date: "2026-11-21T09:15:44Z".parse().expect("a time"),
            sha256: ContentHash::of(b"InRelease"),
        }],
        packages: vec![package("crun", &["libc6"]), package("libc6", &[])],
    }
}

#[test]
fn a_lock_is_written_in_one_form() {
    insta::assert_snapshot!(lock().to_toml());
}

#[test]
fn a_lock_is_read_back_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("below/corten.lock");
    assert_eq!(Lock::read(&path).expect("no file is no error"), None);
    lock().write(&path).expect("it is written");
    assert_eq!(Lock::read(&path).expect("it is read"), Some(lock()));
    assert_eq!(std::fs::read_dir(folder.path().join("below")).expect("a folder").count(), 1);
}

#[test]
fn broken_locks_are_refused_with_file_line_and_key() {
    let good = lock().to_toml();
    let cases = [
        ("not TOML", good.replace("suite = \"trixie\"", "suite = trixie")),
        ("another format", good.replace("format = 1", "format = 2")),
        ("an unknown key", good.replacen("size =", "sizes =", 1)),
        ("a missing key", good.replacen("size = 12345\n", "", 1)),
        ("a wrong type", good.replacen("size = 12345", "size = \"12345\"", 1)),
        ("a negative size", good.replacen("size = 12345", "size = -1", 1)),
        ("no hash", good.replacen("sha256 = \"", "sha256 = \"xyz", 1)),
        ("no date", good.replace("2026-11-21T09:15:44Z", "yesterday")),
        ("no version", good.replacen("1:1.0~rc1-1+b1", "new", 1)),
        ("a path outside", good.replacen("pool/main/crun", "../../etc/crun", 1)),
        ("a name with a slash", good.replacen("name = \"crun\"", "name = \"a/b\"", 1)),
        ("a missing dependency", good.replace("[\"libc6\"]", "[\"libc7\"]")),
        ("packages in disorder", good.replace("name = \"crun\"", "name = \"zzz\"")),
        ("an unknown archive", good.replacen("archive = \"security\"", "archive = \"evil\"", 1)),
        ("a request that is none", good.replace("libc6 (>= 2.41)", "libc6 (2.41)")),
        ("empty", String::new()),
    ];
    let told: Vec<String> = cases
        .iter()
        .map(|(what, text)| {
            assert_ne!(*text, good, "{what}");
            let error = Lock::parse(Path::new("corten.lock"), text).expect_err(what);
            format!("{what}:\n  {error}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,300}", at in 0_usize..600) {
        let _ = Lock::parse(Path::new("x"), &text);
        let mut good = lock().to_toml();
        let at = (0..=at.min(good.len())).rev().find(|at| good.is_char_boundary(*at)).expect("0 is one");
        good.insert_str(at, &text);
        let _ = Lock::parse(Path::new("x"), &good);
    }
}
