//! Any sequence of verbs and starts: the loader's choice is what the verb said, and there is always one.

use corten_update::change::{
    ChangeError, Rename, activate, after_failures, apply, commit, fall_back, roll_back,
};
use corten_update::loader::{next_boot, started};
use corten_update::{BootName, Tries};
use proptest::prelude::*;
use proptest::sample::Index;

/// What happens to a machine.
#[derive(Clone, Debug)]
enum Event {
    /// The loader starts whatever is next.
    Start,
    Commit(Index),
    RollBack(Index),
    FallBack(Index),
    Activate(Index),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Start),
        1 => any::<Index>().prop_map(Event::Commit),
        1 => any::<Index>().prop_map(Event::RollBack),
        1 => any::<Index>().prop_map(Event::FallBack),
        1 => any::<Index>().prop_map(Event::Activate),
    ]
}

/// Up to three boot images of different roots, some of the same version, in any state.
fn entries() -> impl Strategy<Value = Vec<BootName>> {
    let tries = proptest::option::of((0..4u32, 0..4u32).prop_map(|(left, done)| Tries { left, done }));
    prop::collection::vec((0..4u32, tries), 1..4).prop_map(|entries| {
        let name = |(at, (version, tries)): (usize, (u32, Option<Tries>))| {
            let name = format!("corten_1.{version}_{:08x}.efi", at * 0x1111_1111);
            name.parse::<BootName>().unwrap().with_tries(tries)
        };
        entries.into_iter().enumerate().map(name).collect()
    })
}

fn done(entries: &[BootName], rename: Option<&Rename>) -> Vec<BootName> {
    let mut entries = entries.to_vec();
    if let Some(Rename { from, to }) = rename {
        assert!(entries.contains(from) && !entries.contains(to), "{rename:?} on {entries:?}");
        assert_eq!((&from.version, from.root), (&to.version, to.root));
    }
    apply(&mut entries, rename);
    entries
}

/// The entries after an event; every promise of the verb is checked on the way.
fn happen(entries: &[BootName], event: &Event) -> Vec<BootName> {
    let pick = |index: &Index| index.get(entries).root;
    let next = next_boot(entries).unwrap();
    match event {
        Event::Start => done(
            entries,
            (started(next) != *next).then(|| Rename { from: next.clone(), to: started(next) }).as_ref(),
        ),
        Event::Commit(index) => {
            let own = pick(index);
            let change = commit(entries, own).unwrap();
            let after = done(entries, change.as_ref());
            assert!(after.iter().any(|entry| entry.root == own && entry.is_committed()));
            if next.root == own {
                assert_eq!(next_boot(&after).unwrap().root, own, "a commit keeps what the loader chose");
            }
            assert_eq!(commit(&after, own), Ok(None));
            after
        }
        Event::RollBack(index) => match roll_back(entries, pick(index)) {
            Ok(change) => {
                let after = done(entries, change.as_ref());
                let next = next_boot(&after).unwrap();
                assert!(next.root != pick(index) && !next.is_last_resort());
                assert_eq!(roll_back(&after, pick(index)), Ok(None));
                after
            }
            Err(error) => {
                assert_eq!(error, ChangeError::Alone);
                let others = entries.iter().filter(|entry| entry.root != pick(index));
                assert!(others.clone().all(BootName::is_last_resort), "refused for no reason");
                entries.to_vec()
            }
        },
        Event::FallBack(index) => match fall_back(entries, pick(index)) {
            Ok((change, to)) => {
                let after = done(entries, change.as_ref());
                assert_eq!(next_boot(&after), Some(&to));
                assert!(to.is_committed() && to.root != pick(index));
                after
            }
            Err(error) => {
                assert_eq!(error, ChangeError::NothingCommitted);
                entries.to_vec()
            }
        },
        Event::Activate(index) => {
            let own = pick(index);
            let mut after = entries.to_vec();
            for change in activate(entries, own).unwrap() {
                after = done(&after, Some(&change));
                assert!(next_boot(&after).is_some_and(|next| !next.is_last_resort()), "{after:?}");
            }
            assert_eq!(next_boot(&after).unwrap().root, own);
            assert_eq!(activate(&after, own), Ok(Vec::new()));
            after
        }
    }
}

proptest! {
    #[test]
    fn the_loaders_choice_is_what_the_verb_says(entries in entries(), events in prop::collection::vec(event(), 1..30)) {
        let mut entries = entries;
        for event in &events {
            let before = entries.len();
            entries = happen(&entries, event);
            prop_assert_eq!(entries.len(), before);
            let next = next_boot(&entries).unwrap();
            // The last resort is taken only where there is nothing else.
            prop_assert!(!next.is_last_resort() || entries.iter().all(BootName::is_last_resort));
        }
    }

    #[test]
    fn a_version_on_trial_that_never_commits_gives_way_to_the_committed_one(old in 0..9u32, new in 0..9u32) {
        let running: BootName = format!("corten_1.{old}_aaaaaaaa.efi").parse().unwrap();
        let staged: BootName = format!("corten_1.{new}_bbbbbbbb+3.efi").parse().unwrap();
        let mut entries = vec![running.clone(), staged.clone()];
        for change in activate(&entries.clone(), staged.root).unwrap() {
            apply(&mut entries, Some(&change));
        }
        for _ in 0..3 {
            prop_assert_eq!(next_boot(&entries).unwrap().root, staged.root);
            entries = happen(&entries, &Event::Start);
            let leads_to = after_failures(&entries, staged.root).unwrap();
            prop_assert_eq!(leads_to.map(|name| name.root), Some(running.root));
        }
        // An older one on trial has used up the running one's starts: both are last resorts then, the newer one first.
        prop_assert_eq!(next_boot(&entries).unwrap().root, running.root);
    }
}

#[test]
fn failures_of_a_version_lead_to_no_other_that_is_worse() {
    let leads_to = |names: [&str; 2]| {
        let entries = names.map(|name| name.parse::<BootName>().unwrap());
        after_failures(&entries, entries[0].root).unwrap().map(|name| name.to_string())
    };
    let other = |name: &str| Some(name.to_owned());
    assert_eq!(leads_to(["corten_2_aaaaaaaa.efi", "corten_1_bbbbbbbb.efi"]), other("corten_1_bbbbbbbb.efi"));
    assert_eq!(leads_to(["corten_2_aaaaaaaa.efi", "corten_1_bbbbbbbb+3.efi"]), None);
    assert_eq!(leads_to(["corten_2_aaaaaaaa.efi", "corten_1_bbbbbbbb+0.efi"]), None);
    assert_eq!(leads_to(["corten_2_aaaaaaaa+2-1.efi", "corten_1_bbbbbbbb+0.efi"]), None);
}

#[test]
fn a_version_is_told_by_its_root_and_must_have_one_boot_image() {
    let name = |text: &str| text.parse::<BootName>().unwrap();
    let entries =
        [name("corten_1_aaaaaaaa.efi"), name("corten_1_aaaaaaaa+3.efi"), name("corten_2_bbbbbbbb.efi")];
    let refused = [
        commit(&entries, name("corten_9_cccccccc.efi").root).unwrap_err().to_string(),
        commit(&entries, entries[0].root).unwrap_err().to_string(),
        roll_back(&entries[2..], entries[2].root).unwrap_err().to_string(),
        fall_back(&entries[1..], entries[2].root).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(refused.join("\n"), @r"
    no boot image for the root hash cccccccc... on the EFI system partition
    2 boot images for the root hash aaaaaaaa... on the EFI system partition: expected 1
    no other version to go to: expected a boot image with starts left
    no committed version to go to
    ");
}
