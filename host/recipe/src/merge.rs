//! Puts a recipe on top of the one that it extends.
//!
//! First `remove` takes away. Then tables merge key by key and the later value wins. Lists are joined, what is
//! there already once; the lists of [`REPLACED`] mean something as a whole, so the later one takes their place, and
//! so do a later file, the keys of Secure Boot, and a container image of the same name.

use corten_document::{Diagnostic, KeyPath, Laying, Lists, Node, Origin, Source, Value, literal, nearest};

use crate::diagnostic::Problem;

/// Lists that a later recipe replaces, by path; `*` stands for any name.
const REPLACED: [&[&str]; 6] = [
    &["container", "command"],
    &["container", "entrypoint"],
    &["image", "formats"],
    &["services", "*", "capabilities"],
    &["services", "*", "exec"],
    &["services", "*", "ready"],
];

/// Tables that a later recipe replaces.
const REPLACED_TABLES: [&[&str]; 2] = [&["files", "*"], &["secure-boot"]];

const LAYING: Laying<'_> =
    Laying { lists: Lists::JoinedExcept(&REPLACED), replaced_tables: &REPLACED_TABLES };

/// Where what a list of `remove` names is found: the list, the table or list, and whatever goes with it.
const REMOVED: [(&str, &[&str], Option<&str>); 16] = [
    ("components", &["archive", "components"], None),
    ("modules", &["kernel", "modules"], None),
    ("boot-modules", &["kernel", "boot-modules"], None),
    ("command-line", &["kernel", "command-line"], None),
    ("microcode", &["kernel", "microcode"], None),
    ("firmware", &["kernel", "firmware"], None),
    ("packages", &["packages"], Some("scripts")),
    ("scripts", &["scripts"], None),
    ("directories", &["directories"], None),
    ("files", &["files"], None),
    ("links", &["links"], None),
    ("users", &["users"], None),
    ("groups", &["groups"], None),
    ("services", &["services"], None),
    ("sysctl", &["sysctl"], None),
    ("images", &["images"], None),
];

/// The recipe `over` on top of the merged recipe `base`.
pub(crate) fn merge(mut base: Node, mut over: Node, sources: &[Source]) -> (Node, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    if let Value::Table(entries) = &mut over.value
        && let Some(remove) = entries.remove("remove")
    {
        take_away(&mut base, &remove, sources, &mut diagnostics);
    }
    replace_images(&mut base, &mut over);
    LAYING.lay(&mut base, over);
    (base, diagnostics)
}

/// A later image takes the place of the one that has its name. Those of `over` that take no place stay there.
fn replace_images(base: &mut Node, over: &mut Node) {
    let list = KeyPath::of(&["images"]);
    let (Some(Value::List(items)), Some(Value::List(more))) =
        (base.at_mut(&list).map(|node| &mut node.value), over.at_mut(&list).map(|node| &mut node.value))
    else {
        return;
    };
    let mut free: Vec<&mut Node> = items.iter_mut().collect();
    let mut added = Vec::with_capacity(more.len());
    for image in more.drain(..) {
        let same = free.iter().position(|item| name_of(item).is_some() && name_of(item) == name_of(&image));
        match same {
            Some(place) => *free.swap_remove(place) = image,
            None => added.push(image),
        }
    }
    *more = added;
}

/// The name of an item of a list: the item itself, or what a table has under `name`.
fn name_of(item: &Node) -> Option<&str> {
    item.text().or_else(|| item.entries()?.get("name")?.text())
}

fn take_away(base: &mut Node, remove: &Node, sources: &[Source], diagnostics: &mut Vec<Diagnostic>) {
    for (list, path, along) in REMOVED {
        let names = remove.entries().and_then(|entries| entries.get(list)).map(|node| &node.value);
        let Some(Value::List(names)) = names else { continue };
        for (n, item) in names.iter().enumerate() {
            let Value::Text(name) = &item.value else { continue };
            if take_one(base, path, name) {
                if let Some(along) = along {
                    take_one(base, &[along], name);
                }
                continue;
            }
            let key = KeyPath::of(&["remove", list]).item(n);
            let value = literal(name);
            let mut diagnostic =
                Diagnostic::from(Problem::NothingToRemove { key, value }).with_label("not there");
            let there = names_at(base, path);
            diagnostic = match nearest(name, there.iter().map(String::as_str)) {
                Some(close) => diagnostic.with_help(format!("did you mean `{close}`?")),
                None => diagnostic,
            };
            if let Some(source) = sources.get(usize::from(item.source.0)) {
                diagnostic =
                    diagnostic.with_origin(Origin { source: source.clone(), span: item.span.clone() });
            }
            diagnostics.push(diagnostic);
        }
    }
}

fn take_one(base: &mut Node, path: &[&str], name: &str) -> bool {
    let mut node = base;
    for key in path {
        let Value::Table(entries) = &mut node.value else { return false };
        let Some(next) = entries.get_mut(*key) else { return false };
        node = next;
    }
    match &mut node.value {
        Value::Table(entries) => entries.remove(name).is_some(),
        Value::List(items) => {
            let before = items.len();
            items.retain(|item| name_of(item) != Some(name));
            items.len() < before
        }
        _ => false,
    }
}

fn names_at(base: &Node, path: &[&str]) -> Vec<String> {
    match base.at(&KeyPath::of(path)).map(|node| &node.value) {
        Some(Value::Table(entries)) => entries.keys().cloned().collect(),
        Some(Value::List(items)) => items.iter().filter_map(name_of).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
