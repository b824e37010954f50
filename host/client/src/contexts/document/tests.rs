//! The file of contexts: what is read, what is refused and with which line.

use proptest::prelude::*;

use std::fmt::Write as _;

use super::*;

const GOOD: &str = r#"
current = "lab"

[nodes.lab]
address = "127.0.0.1:40123"
authority = "keys/authority.pem"
certificate = "keys/admin.pem"
key = "keys/admin.key"
note = "of corten run, pid 123"

[nodes.new]
address = "[2001:db8::1]:7443"
fingerprint = "0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff0aff"
"#;

#[test]
fn what_was_written_is_read() {
    let read = Document::parse(GOOD).expect("it is right");
    assert_eq!(read.current.as_ref().map(NodeName::as_str), Some("lab"));
    let [lab, new] = ["lab", "new"].map(|name| &read.nodes[&name.parse::<NodeName>().expect("a name")]);
    assert_eq!(lab.trust, Trust::Authority("keys/authority.pem".into()));
    assert_eq!(lab.note.as_deref(), Some("of corten run, pid 123"));
    assert_eq!(new.credentials, None);
    assert_eq!(new.address.to_string(), "[2001:db8::1]:7443");
}

#[test]
fn what_is_wrong_is_told_with_its_key() {
    let node = |keys: &str| format!("[nodes.a]\n{keys}");
    let pinned = format!("fingerprint = \"{}\"", "0a".repeat(32));
    let mut told = String::new();
    for text in [
        "curent = \"a\"".to_owned(),
        "current = \"all\"".to_owned(),
        "current = \"a".to_owned(),
        node("address = 7443"),
        node(&pinned),
        node(&format!("address = \"a:b\"\n{pinned}")),
        node("address = \"a\""),
        node(&format!("address = \"a\"\nauthority = \"x\"\n{pinned}")),
        node("address = \"a\"\nfingerprint = \"12\""),
        node("address = \"a\"\nauthority = \"\""),
        node(&format!("address = \"a\"\n{pinned}\nkey = \"k\"")),
        node(&format!("address = \"a\"\n{pinned}\nport = 1")),
        format!("[nodes.\"a b\"]\naddress = \"a\"\n{pinned}"),
    ] {
        let fault = Document::parse(&text).expect_err(&text);
        writeln!(told, "{fault}").expect("a text takes everything");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_text_that_is_too_large_is_refused_before_it_is_looked_at() {
    let text = "#".repeat(MAX_BYTES as usize + 1);
    assert_eq!(Document::parse(&text), Err(Fault::TooLarge(MAX_BYTES + 1)));
}

fn nodes() -> impl Strategy<Value = Document> {
    let path = "[^\0]{1,20}".prop_map(PathBuf::from);
    let trust = prop_oneof![
        path.clone().prop_map(Trust::Authority),
        any::<[u8; 4]>().prop_map(|bytes| Trust::Fingerprint(corten_api::identity::Fingerprint::of(&bytes))),
    ];
    let files = (path.clone(), path).prop_map(|(certificate, key)| Credentials { certificate, key });
    let address =
        ("[a-z]{1,9}(\\.[a-z]{1,9}){0,2}", 1u16..).prop_map(|(host, port)| format!("{host}:{port}"));
    let node = (address, trust, proptest::option::of(files), proptest::option::of(".{0,40}"));
    let node = node.prop_map(|(address, trust, credentials, note)| Node {
        address: address.parse().expect("it is made like one"),
        trust,
        credentials,
        note,
    });
    let name =
        "[A-Za-z0-9][A-Za-z0-9._-]{4,20}".prop_map(|name| name.parse::<NodeName>().expect("made like one"));
    let current = proptest::option::of(name.clone());
    let map = proptest::collection::btree_map(name, node, 0..5);
    (current, map).prop_map(|(current, nodes)| Document { current, nodes })
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(document in nodes()) {
        let text = document.print().expect("it has a form");
        prop_assert_eq!(Document::parse(&text).expect("it is ours"), document);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*") {
        let _ = Document::parse(&text);
    }

    #[test]
    fn any_text_that_looks_like_contexts_is_read_or_refused(
        lines in proptest::collection::vec(
            "(current|address|authority|key|\\[nodes\\.[a-z]\\]|\\[+|nodes) ?=? ?(\"[a-z:0-9]{0,9}\"|[0-9]+|\\{|\\[)?\n", 0..20,
        )
    ) {
        let text = lines.concat();
        if let Ok(read) = Document::parse(&text) {
            let printed = read.print().expect("what was read has a form");
            prop_assert_eq!(Document::parse(&printed).expect("it is ours"), read);
        }
    }
}
