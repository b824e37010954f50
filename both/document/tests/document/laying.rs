//! Laws of laying documents over one another.

use std::collections::BTreeMap;

use corten_document::{Laying, Lists, Node, SourceId, Value};
use proptest::prelude::*;

use crate::same;

const REPLACED: Laying<'_> = Laying { lists: Lists::Replaced, replaced_tables: &[] };
const JOINED: Laying<'_> = Laying { lists: Lists::JoinedExcept(&[&["a", "*"]]), replaced_tables: &[&["b"]] };

fn node(value: Value) -> Node {
    Node { value, ..Node::empty(SourceId(0)) }
}

fn table(values: impl Strategy<Value = Node> + 'static) -> impl Strategy<Value = Node> {
    prop::collection::btree_map("[a-c]", values, 0..4)
        .prop_map(|entries: BTreeMap<String, Node>| node(Value::Table(entries)))
}

fn trees() -> impl Strategy<Value = Node> {
    let leaf = prop_oneof![
        "[x-z]".prop_map(|text| node(Value::Text(text))),
        (0i64..3).prop_map(|number| node(Value::Integer(number))),
        prop::collection::vec("[x-z]".prop_map(|text| node(Value::Text(text))), 0..3)
            .prop_map(|items| node(Value::List(items))),
    ];
    table(prop_oneof![leaf.clone(), table(prop_oneof![leaf.clone(), table(leaf)])])
}

fn over(laying: &Laying<'_>, base: &Node, over: &Node) -> Node {
    let mut base = base.clone();
    laying.lay(&mut base, over.clone());
    base
}

/// Whether all that `part` says is said by `whole`; lists and all else are one value.
fn says(whole: &Node, part: &Node) -> bool {
    match (&whole.value, &part.value) {
        (Value::Table(whole), Value::Table(part)) => {
            part.iter().all(|(key, node)| whole.get(key).is_some_and(|whole| says(whole, node)))
        }
        _ => same(whole, part),
    }
}

proptest! {
    #[test]
    fn nothing_over_a_tree_and_a_tree_over_nothing_are_the_tree(tree in trees()) {
        let nothing = Node::empty(SourceId(0));
        for laying in [REPLACED, JOINED] {
            prop_assert!(same(&over(&laying, &tree, &nothing), &tree));
            prop_assert!(same(&over(&laying, &nothing, &tree), &tree));
        }
    }

    #[test]
    fn what_lies_on_top_holds(a in trees(), b in trees()) {
        prop_assert!(says(&over(&REPLACED, &a, &b), &b));
        prop_assert!(same(&over(&REPLACED, &a, &a), &a));
    }

    #[test]
    fn lists_that_are_joined_hold_the_items_of_both(a in trees(), b in trees()) {
        let both = over(&JOINED, &a, &b);
        let items = |tree: &Node| -> Vec<String> {
            match tree.entries().and_then(|entries| entries.get("c")).map(|node| &node.value) {
                Some(Value::List(items)) => items.iter().filter_map(|item| item.text()).map(str::to_owned).collect(),
                _ => Vec::new(),
            }
        };
        let is_list = |tree: &Node| tree.entries().and_then(|entries| entries.get("c")).is_some_and(|node| matches!(node.value, Value::List(_)));
        if is_list(&a) && is_list(&b) {
            let there = items(&both);
            prop_assert!(items(&a).iter().chain(&items(&b)).all(|item| there.contains(item)));
            prop_assert!(there.iter().all(|item| items(&a).contains(item) || items(&b).contains(item)));
        }
    }

    #[test]
    fn replaced_lists_and_tables_are_those_on_top(a in trees(), b in trees()) {
        let both = over(&JOINED, &a, &b);
        if let Some(top) = b.entries().and_then(|entries| entries.get("b"))
            && top.entries().is_some()
        {
            prop_assert!(same(both.entries().expect("it is a table").get("b").expect("it is there"), top));
        }
    }

    #[test]
    fn it_does_not_matter_where_one_starts_to_lay_tables_over_tables(a in trees(), b in trees(), c in trees()) {
        let left = over(&REPLACED, &over(&REPLACED, &a, &b), &c);
        let right = over(&REPLACED, &a, &over(&REPLACED, &b, &c));
        // Where one has a table and another a value, the one in between decides what is left of the first.
        let agree = kinds_agree(&a, &b) && kinds_agree(&b, &c) && kinds_agree(&a, &c);
        prop_assert!(!agree || same(&left, &right));
    }
}

/// Whether what is a table in one is a table in the other.
fn kinds_agree(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Table(a), Value::Table(b)) => {
            a.iter().all(|(key, node)| b.get(key).is_none_or(|other| kinds_agree(node, other)))
        }
        (Value::Table(_), _) | (_, Value::Table(_)) => false,
        _ => true,
    }
}
