//! Any text is read or refused, and what is written is read again.

use corten_document::{
    Format, KeyPath, Node, Origin, SourceId, Value, Writer, inline, literal, nearest, quoted, shown,
};
use proptest::prelude::*;

use crate::{complaint, read, same, source};

/// All places lie in the text, at borders of characters.
fn check(format: Format, text: &str) {
    match read(format, text) {
        Ok(tree) => places(&tree, text),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                let origin = error.origin().expect("it has a place");
                assert!(text.get(origin.span.clone()).is_some(), "{error} at {:?}", origin.span);
                assert!(!error.message().contains('\n'));
            }
        }
    }
}

fn places(node: &Node, text: &str) {
    assert!(text.get(node.span.clone()).is_some() && text.get(node.key.clone()).is_some(), "{node:?}");
    match &node.value {
        Value::Table(entries) => entries.values().for_each(|node| places(node, text)),
        Value::List(items) => items.iter().for_each(|node| places(node, text)),
        _ => {}
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "\\PC{0,12}".prop_map(Value::Text),
        "[a\n\r\t\"'\\\\\u{1}\u{7f}é]{0,8}".prop_map(Value::Text),
        any::<i64>().prop_map(Value::Integer),
        any::<bool>().prop_map(Value::Boolean),
    ];
    let node = |value| Node { value, ..Node::empty(SourceId(0)) };
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone().prop_map(node), 0..4).prop_map(Value::List),
            prop::collection::btree_map("\\PC{0,6}", inner.prop_map(node), 0..4).prop_map(Value::Table),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        check(Format::Toml, &text);
        check(Format::Yaml, &text);
    }

    #[test]
    fn any_text_of_the_signs_of_the_languages_is_read_or_refused(text in "[a-cé\\[\\]{}=\":.,#&*!|>%?<~@` \n\r\t'0-9-]{0,200}") {
        check(Format::Toml, &text);
        check(Format::Yaml, &text);
    }

    #[test]
    fn a_text_is_read_as_it_was_written(text in "[\\PC\n\r\t\u{0}\u{1b}]{0,60}") {
        let written = format!("a = {}", literal(&text));
        prop_assert!(!written.contains('\n'));
        let tree = read(Format::Toml, &written).expect("it is TOML");
        prop_assert_eq!(tree.at(&KeyPath::of(&["a"])).and_then(Node::text), Some(text.as_str()));
        prop_assert!(!shown(&text).contains('\n'));
    }

    #[test]
    fn a_tree_is_read_as_it_was_written(value in values(), key in "\\PC{0,6}") {
        let written = format!("{} = {}", quoted(&key), inline(&value));
        let tree = read(Format::Toml, &written).unwrap_or_else(|errors| panic!("{errors:?}\n{written}"));
        let again = Writer { order: &[], comment: &|_, _| String::new() }.write(&tree);
        let back = read(Format::Toml, &again).unwrap_or_else(|errors| panic!("{errors:?}\n{again}"));
        prop_assert!(same(&back, &tree), "{}\n{}", written, again);
        let value = Node { value, ..Node::empty(SourceId(0)) };
        prop_assert!(same(tree.at(&KeyPath::of(&[&key])).expect("it is there"), &value));
    }

    #[test]
    fn lines_and_columns_are_those_of_the_bytes(text in "[a\né]{0,30}", at in 0usize..40) {
        let start = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let origin = Origin { source: source(Format::Toml, &text), span: start..start };
        let line = text.split('\n').nth(origin.line() - 1).expect("there is such a line");
        prop_assert!(origin.column() <= line.chars().count() + 1);
    }
}

#[test]
fn what_is_too_large_or_too_deep_is_refused() {
    let large = format!("# {}", "a".repeat(1 << 20));
    for format in [Format::Toml, Format::Yaml] {
        assert_eq!(
            complaint(format, &large),
            "1:1 note::limit the note is larger than 1024 KiB, which is the most"
        );
    }
    let deep = format!("a = {}1{}", "[".repeat(40), "]".repeat(40));
    assert_eq!(
        complaint(Format::Toml, &deep),
        "1:36 note::limit tables and lists lie in one another more than 32 deep"
    );
    let long = format!("a = [{}]", "1,".repeat(1001));
    assert_eq!(complaint(Format::Toml, &long), "1:1 note::limit a list or table holds 1000 items at most");
    assert!(read(Format::Toml, &long.replacen("1,", "", 1)).is_ok());
    let long = format!("a.{} = 1", "b".repeat(4097));
    assert_eq!(complaint(Format::Toml, &long), "1:3 note::limit a key has 4096 bytes at most");
    let wrong = read(Format::Toml, &"a\n".repeat(100_000)).expect_err("these are no lines of TOML");
    assert_eq!(wrong.len(), 20);
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("{}a = 1", "a.".repeat(100_000)),
        format!("[{}a]", "a.".repeat(100_000)),
    ] {
        assert!(read(Format::Toml, &text).is_err());
    }
}

#[test]
fn formats_go_by_the_ending() {
    for (name, format) in [
        ("a.toml", Some(Format::Toml)),
        ("/x/b.YAML", Some(Format::Yaml)),
        ("c.yml", Some(Format::Yaml)),
        ("toml", None),
        (".toml", None),
        ("/x/.yaml", None),
        ("a.json", None),
        ("a.toml.bak", None),
    ] {
        assert_eq!(Format::of_name(name), format, "{name}");
    }
}

#[test]
fn a_private_key_is_not_shown_and_a_long_text_is_shortened() {
    assert_eq!(shown("-----BEGIN PRIVATE KEY-----\nabc"), "a private key");
    let path = KeyPath::of(&["a", "-----BEGIN PRIVATE KEY-----\nabc", "b c", "d\ne"]);
    assert_eq!(path.to_string(), "a.a private key.\"b c\".\"d\" and 2 more bytes");
    assert_eq!(
        KeyPath::of(&[&"a".repeat(300)]).to_string(),
        format!("\"{}\" and 180 more bytes", "a".repeat(120))
    );
    assert_eq!(shown("one\ntwo"), "\"one\" and 4 more bytes");
    assert_eq!(shown(&"a".repeat(200)), format!("\"{}\" and 80 more bytes", "a".repeat(120)));
}

#[test]
fn the_nearest_name_is_found() {
    assert_eq!(nearest("hostnam", ["labels", "hostname"]), Some("hostname"));
    assert_eq!(nearest("flavour", ["labels", "hostname"]), None);
}
