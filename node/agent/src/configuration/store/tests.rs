//! What was kept, what was lost, and bytes that nobody wrote.

use corten_config::Format;
use proptest::prelude::*;

use super::*;
use crate::root::Root;

fn scratch() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::new(Places { root: Root::new(folder.path()) });
    (folder, store)
}

fn record(number: u64) -> Record {
    let kept = Kept {
        number,
        at_ns: 7,
        by: "somebody".into(),
        name: "node.toml".into(),
        format: Language::Yaml,
        state: EntryState::InForce,
        changes: Vec::new(),
    };
    Record { last: number, operator: Some(number), pending: None, history: vec![kept] }
}

fn good(generation: u64) -> Good {
    let document =
        |name: &str| Document { name: name.into(), format: Format::Yaml, text: format!("# {name}") };
    Good { generation, lower: vec![document("image")], operator: Some(document("node.yaml")) }
}

#[test]
fn what_was_kept_comes_back() {
    let (_folder, store) = scratch();
    let found = store.load();
    assert_eq!((found.record, found.last_good, found.trial), (Record::default(), None, None));
    assert!(found.lost.is_none() && found.problems.is_empty());
    let running = Running { generation: 7, ends_ms: 8, boot: Some("x".into()) };
    let effects = [
        Effect::SaveDocument(7, Language::Yaml),
        Effect::SaveRecord(Box::new(record(7))),
        Effect::SaveTrial(running.clone()),
    ];
    store.perform(&effects, Some("a: 1")).expect("it can be written");
    store.save_last_good(&good(7)).expect("it can be written");
    let found = store.load();
    assert_eq!((found.record, found.last_good, found.trial), (record(7), Some(good(7)), Some(running)));
    assert!(found.lost.is_none() && found.problems.is_empty());
    assert_eq!(store.document(7, Language::Yaml).expect("it is there"), "a: 1");
    let effects = [Effect::RemoveTrial, Effect::RemoveDocument(7, Language::Yaml)];
    store.perform(&effects, None).expect("it can be removed");
    let error = store.document(7, Language::Yaml).expect_err("it is gone").to_string();
    assert!(error.ends_with("/documents/7.yaml: is not there any more"), "{error}");
    assert_eq!(store.load().trial, None);
}

#[test]
fn numbers_go_on_without_a_record() {
    let (_folder, store) = scratch();
    store.perform(&[Effect::SaveDocument(12, Language::Toml)], Some("")).expect("it can be written");
    let found = store.load();
    assert_eq!(found.record, Record { last: 12, ..Record::default() });
    assert!(found.lost.is_none());
}

#[test]
fn a_lost_record_is_made_from_the_last_good_documents() {
    let (_folder, store) = scratch();
    store.perform(&[Effect::SaveDocument(9, Language::Toml)], Some("")).expect("it can be written");
    store.save_last_good(&good(7)).expect("it can be written");
    let found = store.load();
    assert_eq!((found.record.last, found.record.operator), (9, Some(7)));
    assert_eq!(found.record.kept(7).map(|kept| kept.name.as_str()), Some("node.yaml"));
    assert!(found.lost.expect("lost").to_string().contains("record.json: is not there, while "));
    durable::replace(&store.record(), b"{\"last\": -1}").expect("it can be written");
    let found = store.load();
    assert_eq!((found.record.last, found.record.operator), (9, Some(7)));
    assert!(found.lost.expect("lost").to_string().contains("record.json: invalid value"));
    // It is kept for whoever wants to look.
    assert!(store.kept("record.broken").exists());
}

#[test]
fn texts_that_the_record_does_not_know_are_removed() {
    let (_folder, store) = scratch();
    for (number, format) in [(7, Language::Yaml), (7, Language::Toml), (8, Language::Yaml)] {
        store.perform(&[Effect::SaveDocument(number, format)], Some("x")).expect("it can be written");
    }
    store.sweep(&record(7));
    assert_eq!(store.texts(), [(7, store.text(7, Language::Yaml))]);
}

#[test]
fn effects_stop_at_the_first_that_fails() {
    let (folder, store) = scratch();
    std::fs::create_dir_all(store.record().join("x")).expect("a folder");
    let effects = [Effect::SaveRecord(Box::new(record(7))), Effect::SaveDocument(7, Language::Toml)];
    let error = store.perform(&effects, Some("")).expect_err("a folder is in the way");
    assert!(error.to_string().contains("record.json: "), "{error}");
    assert_eq!(store.texts(), []);
    drop(folder);
}

proptest! {
    // Each waits for the disk.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_files_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), which in 0_usize..4) {
        let (_folder, store) = scratch();
        let trial = store.places.trial();
        let path = [store.record(), store.last_good(), trial, store.text(1, Language::Toml)][which].clone();
        durable::replace(&path, &bytes).expect("it can be written");
        let found = store.load();
        let said = found.lost.is_some() || !found.problems.is_empty();
        prop_assert!(said || which == 3);
        let _ = store.document(1, Language::Toml);
    }

}

proptest! {
    #[test]
    fn any_text_is_a_record_or_none(text in any::<String>()) {
        let _ = parse_record(&text);
    }
}
