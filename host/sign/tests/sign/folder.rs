//! Folders with keys, read back.

use std::fs;

use corten_sign::KeyFolder;
use corten_sign::keys::enrolment;

use crate::keys::{keys, now};

#[test]
fn lists_are_read_back_and_one_that_is_broken_is_named() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let enrolments = enrolment(keys(), now()).expect("it can be made");
    let own = KeyFolder::new(folder.path());
    own.write(keys(), &enrolments).expect("it is written");
    let lists = own.lists().expect("they are read");
    assert!(
        lists.iter().eq(enrolments
            .iter()
            .map(|one| (one.variable, one.list.clone()))
            .collect::<Vec<_>>()
            .iter())
    );
    let path = folder.path().join("KEK.esl");
    for broken in [&b"not a list of signatures, but longer than one"[..], b""] {
        fs::write(&path, broken).expect("it is ours");
        let error = own.lists().expect_err("it is broken").to_string();
        assert!(error.starts_with(&format!("{}: ", path.display())), "{error}");
    }
}
