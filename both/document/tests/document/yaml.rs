//! YAML: where its values are, what is not read of it, and what is said about that.

use corten_document::Format::Yaml;
use corten_document::{KeyPath, Node, Value, inline};

use crate::{complaint, read};

const TEXT: &str = "a:\n  k: |\n    one\n    two\n  # c\n  b: 'x''y' # d\n  c: >- # why\n     fold\n     ed\n\n  d: \"q\\n\"\n  \
                    e: {x: [1, two words , 3]}\n  f: plain\n    more\n  'q': é\n";

fn at<'n>(node: &'n Node, path: &[&str]) -> &'n Node {
    node.at(&KeyPath::of(path)).expect("it is there")
}

#[test]
fn values_know_their_place() {
    let tree = read(Yaml, TEXT).expect("nothing is wrong with it");
    for (key, place, value) in [
        ("k", "|\n    one\n    two", "one\ntwo\n"),
        ("b", "'x''y'", "x'y"),
        ("c", ">- # why\n     fold\n     ed", "fold ed"),
        ("d", "\"q\\n\"", "q\n"),
        ("f", "plain\n    more", "plain more"),
        ("q", "é", "é"),
    ] {
        let node = at(&tree, &["a", key]);
        assert_eq!((&TEXT[node.span.clone()], node.text()), (place, Some(value)));
        assert_eq!(TEXT[node.key.clone()].trim_matches('\''), key);
    }
    let Value::List(items) = &at(&tree, &["a", "e", "x"]).value else { panic!("it is a list") };
    assert_eq!(&TEXT[items[1].span.clone()], "two words");
}

#[test]
fn types_are_those_of_yaml_1_2_and_no_word_is_a_surprise() {
    let text = "a: 0x1F\nb: 1_000\nc: 010\nd: yes\nf: 52:54:00:12:34:56\ng: true\nh: 2001:db8::1\n1: one\n";
    let tree = read(Yaml, text).expect("nothing is wrong with it");
    let expected = "{ 1 = \"one\", a = 31, b = \"1_000\", c = \"010\", d = \"yes\", f = \"52:54:00:12:34:56\", g = true, \
                    h = \"2001:db8::1\" }";
    assert_eq!(inline(&tree.value), expected);
    let tree = read(Yaml, "a: ~\nb: 1.5\nc: 9223372036854775808\n").expect("nothing is wrong with it");
    let kinds = ["a", "b", "c"].map(|key| at(&tree, &[key]).value.kind());
    assert_eq!(kinds, ["nothing", "a number with a fraction", "an integer beyond 64 bits"]);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, told) in [
        (
            "a:\n   h: 1\n  l: 2\n",
            "3:3 note::syntax not YAML: while parsing a block mapping, did not find expected key",
        ),
        ("a: \"x\nb: 1\n", "1:4 note::syntax not YAML: unclosed quote"),
        ("é: @x\n", "1:4 note::syntax not YAML: unexpected character: `@'"),
        ("a: 1\nb: 2\na: 3\n", "3:1 note::duplicate-key `a` stands twice"),
        (
            "a: &x 1\n",
            "1:7 note::syntax not YAML: anchors and references to them (`&` and `*`) are not read: write the values out",
        ),
        (
            "a: *x\n",
            "1:4 note::syntax not YAML: anchors and references to them (`&` and `*`) are not read: write the values out",
        ),
        ("a:\n  <<: {b: 1}\n", "2:3 note::syntax not YAML: merges (`<<`) are not read: write the values out"),
        ("a: !x 1\n", "1:7 note::syntax not YAML: unsupported tag `!x`"),
        (
            "a: 1\n---\nb: 1\n",
            "2:1 note::syntax not YAML: one text holds one document, so `---` stands at its head only",
        ),
        ("? [a]\n: 1\n", "1:3 note::syntax not YAML: a key has to be a string"),
        (
            "just words\n",
            "1:1 note::syntax not YAML: the whole is a string, expected a table: lines like `key: value`",
        ),
    ] {
        assert_eq!(complaint(Yaml, text), told);
    }
}

#[test]
fn nesting_is_bounded() {
    for text in [
        format!("a: {}1{}", "[".repeat(40), "]".repeat(40)),
        format!("a: {}1{}", "[".repeat(100_000), "]".repeat(100_000)),
        format!("a: {}1{}", "{b: ".repeat(100_000), "}".repeat(100_000)),
        format!("{}1", "- ".repeat(100_000)),
        (0..100).map(|depth| " ".repeat(depth) + "a:\n").collect(),
    ] {
        assert!(complaint(Yaml, &text).ends_with("more than 32 deep"), "{}", complaint(Yaml, &text));
    }
    let fits = format!("a: {}1{}", "[".repeat(31), "]".repeat(31));
    assert!(read(Yaml, &fits).is_ok());
}

#[test]
fn nothing_is_an_empty_table() {
    for text in ["", "\n", "# a\n", "---\n", "{}"] {
        assert_eq!(inline(&read(Yaml, text).expect("nothing is wrong with it").value), "{}");
    }
}
