//! Names of images: what is one, what is none, and that what is written is read.
#![allow(missing_docs)]

use corten_oci::digest::Digest;
use corten_oci::reference::{Reference, ReferenceError};
use proptest::prelude::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn parse(text: &str) -> Result<Reference, ReferenceError> {
    text.parse()
}

/// Registry, path and tag.
fn parts(text: &str) -> (Option<String>, String, Option<String>) {
    let reference = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(reference.to_string(), text);
    let own = |text: &str| text.to_owned();
    (reference.registry().map(own), own(reference.path()), reference.tag().map(own))
}

fn of(registry: Option<&str>, path: &str, tag: Option<&str>) -> (Option<String>, String, Option<String>) {
    (registry.map(Into::into), path.into(), tag.map(Into::into))
}

#[test]
fn the_first_part_is_a_registry_if_it_looks_like_one() {
    assert_eq!(parts("nginx"), of(None, "nginx", None));
    assert_eq!(parts("library/nginx:1.27"), of(None, "library/nginx", Some("1.27")));
    assert_eq!(parts("localhost/nginx"), of(Some("localhost"), "nginx", None));
    assert_eq!(parts("localhost"), of(None, "localhost", None));
    assert_eq!(parts("host:5000"), of(None, "host", Some("5000")));
    assert_eq!(parts("host:5000/a/b:c"), of(Some("host:5000"), "a/b", Some("c")));
    assert_eq!(parts("registry.example/a"), of(Some("registry.example"), "a", None));
    assert_eq!(parts("10.0.0.1:5000/a"), of(Some("10.0.0.1:5000"), "a", None));
    assert_eq!(parts("[fd00::1]:5000/a:b"), of(Some("[fd00::1]:5000"), "a", Some("b")));
    assert_eq!(parts("[fd00::1]/a"), of(Some("[fd00::1]"), "a", None));
}

#[test]
fn a_digest_stands_behind_a_tag_or_alone() {
    let digest: Digest = DIGEST.parse().expect("a digest");
    for text in [format!("a@{DIGEST}"), format!("r.example/a/b:tag@{DIGEST}")] {
        let reference = parse(&text).expect("a name");
        assert_eq!(reference.digest(), Some(&digest));
        assert_eq!(reference.to_string(), text);
    }
    let reference = parse("r.example/a:tag").expect("a name");
    assert_eq!(reference.with_digest(digest).to_string(), format!("r.example/a@{DIGEST}"));
    assert_eq!(
        reference.with_digest(digest).with_tag("x").map(|named| named.to_string()).as_deref(),
        Ok("r.example/a:x")
    );
}

#[test]
fn what_is_no_name_says_why() {
    let wrong = [
        "",
        ":tag",
        "A/b",
        "a/B",
        "a//b",
        "/a",
        "a/",
        "a b",
        "a..b",
        "a___b",
        "a._b",
        "-a",
        "a-",
        "a:",
        "a:.tag",
        "a:t/b",
        "host.example:port/a",
        "host.example:99999/a",
        "-host.example/a",
        "host..example/a",
        "[fd00::1/a",
        "[fd00::1]x/a",
        "[name]/a",
        "a@sha256:00",
        "a@md5:d41d8cd98f00b204e9800998ecf8427e",
        "a@",
        "http://host.example/a",
    ];
    let told = wrong.map(|text| format!("{text:?}: {}\n", parse(text).expect_err(text))).concat();
    insta::assert_snapshot!(told);
}

#[test]
fn lengths_are_bounded() {
    assert!(parse(&"a".repeat(255)).is_ok());
    assert_eq!(parse(&"a".repeat(256)), Err(ReferenceError::Length));
    assert_eq!(parse(&format!("r.example/{}", "a".repeat(250))), Err(ReferenceError::Length));
    assert!(parse(&format!("a:{}", "t".repeat(128))).is_ok());
    assert!(parse(&format!("a:{}", "t".repeat(129))).is_err());
}

proptest! {
    #[test]
    fn whatever_follows_the_grammar_is_a_name(
        registry in proptest::option::of("[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?\\.[a-z]{2,5}(:[1-9][0-9]{0,3})?"),
        path in "[a-z0-9]{1,5}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}(/[a-z0-9]{1,5}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}){0,3}",
        tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}"),
        digest in proptest::option::of(any::<[u8; 32]>()),
    ) {
        // What looks like a registry is one.
        let looks_like_one = path.split_once('/').is_some_and(|(first, _)| first.contains('.'));
        prop_assume!(registry.is_some() || !looks_like_one);
        let text = [
            registry.as_ref().map(|registry| format!("{registry}/")),
            Some(path.clone()),
            tag.as_ref().map(|tag| format!(":{tag}")),
            digest.map(|digest| format!("@{}", Digest::Sha256(digest))),
        ];
        let text: String = text.into_iter().flatten().collect();
        let reference = parse(&text);
        prop_assert!(reference.is_ok(), "{}: {:?}", text, reference);
        let reference = reference.expect("it is one");
        prop_assert_eq!(reference.registry(), registry.as_deref());
        prop_assert_eq!(reference.path(), path);
        prop_assert_eq!(reference.tag(), tag.as_deref());
        prop_assert_eq!(reference.digest().copied(), digest.map(Digest::Sha256));
        prop_assert_eq!(reference.to_string(), text);
    }

    #[test]
    fn any_text_is_answered_and_a_name_is_written_as_it_was(text in "[a-zA-Z0-9._:/@\\[\\]-]{0,40}|.{0,40}") {
        if let Ok(reference) = parse(&text) {
            prop_assert_eq!(parse(&reference.to_string()), Ok(reference.clone()));
            prop_assert_eq!(reference.to_string(), text);
        }
    }
}
