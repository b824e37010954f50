//! Random sequences of changes on a volume and on a map, which must always agree.

use std::collections::BTreeMap;

use corten_formats::device::{BlockDevice, SparseMemory};
use corten_formats::fat::{EntryKind, FatError, Finding, Volume, Writer};
use corten_power_cut::with_clusters;
use proptest::prelude::*;

use crate::{SMALL, empty, time, tool};

/// One change.
#[derive(Clone, Debug)]
pub enum Op {
    Mkdir(String),
    Write(String, Vec<u8>),
    Remove(String),
    /// Path and new name.
    Rename(String, String),
}

/// What the map holds for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Directory,
    File(Vec<u8>),
}

/// A volume as it should be: every path in its spelling with what it is.
pub type Model = BTreeMap<String, Node>;

/// Names of all lengths; some differ in case only, some have the same short name at first.
fn name(number: usize) -> String {
    match number {
        0 => "A.TXT".into(),
        1 => "a.txt".into(),
        2 => "Mixed Case Name.txt".into(),
        3 => "corten_0.1.0_deadbeef+3.efi".into(),
        4 => "corten_0.1.0_deadbeef+2-1.efi".into(),
        5 => "corten_0.1.0_deadbeef.efi".into(),
        6 => "corten_0.1.0_deadbeef.efi.tmp".into(),
        7 => "x".repeat(195),
        8 => format!("{}+", "y".repeat(120)),
        _ => format!("{}{number}", "n".repeat(number * 5)),
    }
}

/// Changes in the root and in three directories, one of them inside another.
pub fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    let path = || {
        (0..4usize, 0..14usize)
            .prop_map(|(folder, number)| format!("{}{}", ["", "d/", "d/e/", "D2/"][folder], name(number)))
    };
    let content = (0..60_000u32, 1..3u32, any::<u8>()).prop_map(|(len, shrink, seed)| {
        let len = if shrink == 1 { len } else { len % 1500 };
        (0..len).map(|at| (at / 3) as u8 ^ seed).collect::<Vec<u8>>()
    });
    let content = prop_oneof![1 => Just(Vec::new()), 6 => content];
    let op = prop_oneof![
        1 => prop_oneof![Just("d"), Just("d/e"), Just("D2")].prop_map(|path| Op::Mkdir(path.into())),
        6 => (path(), content).prop_map(|(path, content)| Op::Write(path, content)),
        2 => path().prop_map(Op::Remove),
        1 => prop_oneof![Just("d"), Just("d/e"), Just("D2")].prop_map(|path| Op::Remove(path.into())),
        5 => (path(), 0..14usize).prop_map(|(path, number)| Op::Rename(path, name(number))),
    ];
    let first = ["d", "d/e", "D2"].map(|path| Op::Mkdir(path.into()));
    prop::collection::vec(op, 1..most).prop_map(move |ops| first.iter().cloned().chain(ops).collect())
}

/// The path in the spelling of the model.
fn spelled(model: &Model, path: &str) -> Option<String> {
    model.keys().find(|known| known.eq_ignore_ascii_case(path)).cloned()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.into() } else { format!("{folder}/{name}") }
}

fn has_parent(model: &Model, path: &str) -> bool {
    parent(path).is_empty() || model.get(parent(path)) == Some(&Node::Directory)
}

/// The model after a change, or the kind of error that must come of it.
pub fn expected(model: &Model, op: &Op) -> Result<Model, &'static str> {
    let mut next = model.clone();
    match op {
        Op::Mkdir(path) | Op::Write(path, _) => {
            if !has_parent(model, path) {
                return Err("not found");
            }
            if spelled(model, path).is_some() {
                return Err("exists");
            }
            let node =
                if let Op::Write(_, content) = op { Node::File(content.clone()) } else { Node::Directory };
            next.insert(path.clone(), node);
        }
        Op::Remove(path) => {
            let path = spelled(model, path).ok_or("not found")?;
            if model.keys().any(|other| parent(other) == path) {
                return Err("not empty");
            }
            next.remove(&path);
        }
        Op::Rename(path, name) => {
            let old = spelled(model, path).ok_or("not found")?;
            let new = below(parent(&old), name);
            if spelled(model, &new).is_some_and(|taken| taken != old) {
                return Err("exists");
            }
            let node = next.remove(&old).unwrap();
            next.insert(new, node);
        }
    }
    Ok(next)
}

/// Does it on the volume.
pub fn apply<D: BlockDevice>(writer: &mut Writer<D>, op: &Op) -> Result<(), &'static str> {
    let result = match op {
        Op::Mkdir(path) => writer.mkdir(path, time()),
        Op::Write(path, content) => writer.write_file(path, content, time()),
        Op::Remove(path) => writer.remove(path),
        Op::Rename(path, name) => writer.rename(path, name),
    };
    result.map_err(|error| match error {
        FatError::NotFound(_) => "not found",
        FatError::Exists(_) => "exists",
        FatError::NotEmpty(_) => "not empty",
        FatError::Full { .. } => "full",
        other => panic!("{op:?}: {other}"),
    })
}

/// Everything that a volume holds.
pub fn content<D: BlockDevice>(volume: &Volume<D>) -> Model {
    let mut model = Model::new();
    let mut todo = vec![String::new()];
    while let Some(folder) = todo.pop() {
        for entry in volume.list(&folder).unwrap() {
            let path = below(&folder, &entry.name);
            let node = match entry.kind {
                EntryKind::Directory => {
                    todo.push(path.clone());
                    Node::Directory
                }
                EntryKind::File => Node::File(volume.read_file(&path).unwrap()),
            };
            assert!(model.insert(path, node).is_none());
        }
    }
    model
}

/// A volume with few clusters of 512 bytes.
pub fn tiny(clusters: u32) -> SparseMemory {
    with_clusters(empty(SMALL), clusters)
}

/// What the check says of a tiny volume in order.
pub fn in_order(clusters: u32) -> Vec<Finding> {
    vec![Finding::TooFewClusters(clusters)]
}

/// Clusters of 512 bytes: two of the larger files fill the volume, so that it runs full now and then.
const CLUSTERS: u32 = 300;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn a_volume_and_a_map_agree_after_every_change(ops in ops(50)) {
        let mut device = tiny(CLUSTERS);
        let mut model = Model::new();
        for op in &ops {
            let mut writer = Writer::open(&mut device).unwrap();
            prop_assert_eq!(writer.reclaimed().clusters, 0);
            match (apply(&mut writer, op), expected(&model, op)) {
                (Ok(()), Ok(next)) => model = next,
                (Err("full"), Ok(_)) => {}
                (ours, theirs) => prop_assert_eq!(ours.err(), theirs.err(), "{:?}", op),
            }
            writer.finish().unwrap();
            let volume = Volume::open(&mut device).unwrap();
            prop_assert_eq!(volume.check().unwrap().findings, in_order(CLUSTERS));
            prop_assert_eq!(content(&volume), model.clone());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn fsck_has_no_complaint_after_any_changes(ops in ops(120)) {
        let Some(mut fsck) = tool::find("fsck.vfat") else { return Ok(()) };
        let mut writer = Writer::open(empty(SMALL)).unwrap();
        for op in &ops {
            let _ = apply(&mut writer, op);
        }
        let folder = tempfile::tempdir().unwrap();
        let image = tool::file(&folder, "volume", &crate::bytes(&writer.finish().unwrap()));
        let text = tool::run(fsck.arg("-n").arg(&image));
        prop_assert!(text.lines().count() == 2 && text.contains(" files, "), "{}", text);
    }
}
