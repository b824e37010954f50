//! Power cuts while boot images get other names: whatever is cut, the loader finds a whole boot image of the version
//! that was or of the one that will be, and the same verb once more completes what was begun.

use corten_formats::device::SparseMemory;
use corten_formats::fat::{FormatOptions, Timestamp, Volume, Writer, format};
use corten_power_cut::{Event, Flushes, Recorder, after_cut, coin, with_clusters};
use corten_update::BootName;
use corten_update::change::{activate, apply};
use corten_update::esp::{Esp, FOLDER, entries, path};
use corten_update::loader::{next_boot, started};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const CLUSTERS: u32 = 1500;
/// The smallest volume with clusters of 512 bytes, rounded up.
const VOLUME: u64 = 34 << 20;

/// What is done to the volume, by the node or by the loader.
#[derive(Clone, Debug)]
enum Verb {
    /// The loader counts and starts whatever is next.
    Start,
    Commit(usize),
    RollBack(usize),
    FallBack(usize),
    Stage,
    Activate(usize),
}

fn verbs() -> impl Strategy<Value = Vec<Verb>> {
    let verb = prop_oneof![
        3 => Just(Verb::Start),
        2 => (0..3usize).prop_map(Verb::Commit),
        2 => (0..3usize).prop_map(Verb::RollBack),
        1 => (0..3usize).prop_map(Verb::FallBack),
        2 => Just(Verb::Stage),
        2 => (0..3usize).prop_map(Verb::Activate),
    ];
    prop::collection::vec(verb, 1..12)
}

fn time() -> Timestamp {
    Timestamp::from_unix(1_709_210_096)
}

/// Three versions; the last one, which is staged, has a name that takes more slots with its counter than without.
fn version(at: usize) -> BootName {
    ["corten_0.1.0.1_aaaaaaaa.efi", "corten_0.1.0.2_bbbbbbbb.efi", "corten_0.1.0-rc.12345678_cccccccc.efi"]
        [at]
        .parse()
        .unwrap()
}

fn content(at: usize) -> Vec<u8> {
    (0..2000 + at * 700).map(|n| (n / 5) as u8 ^ at as u8).collect()
}

/// A volume with two versions, the second one on trial, and files that leave little room beside their entries.
fn volume() -> SparseMemory {
    let mut device = SparseMemory::new(VOLUME);
    let options =
        FormatOptions { volume_id: 1, label: "ESP", hidden_sectors: 2048, cluster: Some(512), time: time() };
    format(&mut device, &options).unwrap();
    let mut writer = Writer::open(with_clusters(device, CLUSTERS)).unwrap();
    for folder in ["EFI", FOLDER] {
        writer.mkdir(folder, time()).unwrap();
    }
    writer.write_file(&path(&version(0)), &content(0), time()).unwrap();
    writer.write_file(&format!("{FOLDER}/other.efi"), b"not ours", time()).unwrap();
    let trial = version(1).with_tries(Some(corten_update::Tries::STAGED));
    writer.write_file(&path(&trial), &content(1), time()).unwrap();
    writer.finish().unwrap()
}

/// Does it; what is refused changes nothing.
fn act(esp: &mut Esp<Recorder>, verb: &Verb) {
    let _ = match verb {
        Verb::Start => return,
        Verb::Commit(at) => esp.commit(version(*at).root),
        Verb::RollBack(at) => esp.roll_back(version(*at).root),
        Verb::FallBack(at) => {
            let _ = esp.fall_back(version(*at).root, &|_, _| true);
            return;
        }
        Verb::Stage => esp.stage(&version(2), &content(2), time()),
        Verb::Activate(at) => esp.activate(&version(*at)),
    };
}

/// The loader's own rename, with our FAT code in the place of the firmware's.
fn count(device: Recorder) {
    let mut writer = Writer::open(device).unwrap();
    let entries = entries(writer.volume()).unwrap();
    let next = next_boot(&entries).unwrap();
    if started(next) != *next {
        writer.rename(&path(next), &started(next).to_string()).unwrap();
    }
}

fn perform(device: Recorder, verb: &Verb) {
    match verb {
        Verb::Start => count(device),
        verb => {
            let mut esp = Esp::open(device).unwrap();
            act(&mut esp, verb);
            esp.finish().unwrap();
        }
    }
}

fn names(device: &SparseMemory) -> Vec<BootName> {
    let mut names = entries(&Volume::open(device.clone()).unwrap()).unwrap();
    names.sort_by_key(ToString::to_string);
    names
}

/// All states that a verb may leave when it is cut: before, after, and between its renames.
fn between(before: &[BootName], after: &[BootName], verb: &Verb) -> Vec<Vec<BootName>> {
    let mut states = vec![before.to_vec(), after.to_vec()];
    if let Verb::Activate(at) = verb {
        let mut names = before.to_vec();
        if !before.iter().any(|name| name.root == version(*at).root) {
            names.extend(after.iter().filter(|name| name.root == version(*at).root).cloned());
            states.push(names.clone());
        }
        for change in activate(&names.clone(), version(*at).root).unwrap_or_default() {
            apply(&mut names, Some(&change));
            states.push(names.clone());
        }
        for names in &mut states {
            names.sort_by_key(ToString::to_string);
        }
    }
    states
}

/// Cuts one verb behind every one of its events; the error says what broke.
fn cut(start: &SparseMemory, verb: &Verb, seed: u64, flushes: Flushes) -> Result<SparseMemory, String> {
    let recorder = Recorder::new(start.clone());
    let events = recorder.events();
    perform(recorder, verb);
    let events = events.borrow();
    let done = after_cut(start, &events, Flushes::Ignored, &mut || true);
    let (before, after) = (names(start), names(&done));
    let allowed = between(&before, &after, verb);
    for at in 0..=events.len() {
        let left = after_cut(start, &events[..at], flushes, &mut coin(seed.wrapping_add(at as u64 * 77)));
        check(&left, &allowed).map_err(|why| format!("{verb:?} cut behind event {at}: {why}"))?;
        // The next boot does it again, over what the cut left.
        let again = Recorder::new(left.clone());
        let more = again.events();
        perform(again, verb);
        let whole = after_cut(&left, &more.borrow(), Flushes::Ignored, &mut || true);
        if !matches!(verb, Verb::Start) && names(&whole) != after {
            return Err(format!("{verb:?} again after event {at}: {:?}, expected {after:?}", names(&whole)));
        }
    }
    // The flush that ends a verb makes it last.
    if flushes == Flushes::Kept && events.iter().any(|event| matches!(event, Event::Write(..))) {
        let last = after_cut(start, &events, flushes, &mut || false);
        if repaired(&last)? != after {
            return Err(format!("{verb:?} was done and is lost"));
        }
    }
    Ok(done)
}

/// What the firmware would find, and what the node finds after it.
fn check(left: &SparseMemory, allowed: &[Vec<BootName>]) -> Result<(), String> {
    let volume = Volume::open(left.clone()).map_err(|error| error.to_string())?;
    let seen = entries(&volume).map_err(|error| error.to_string())?;
    let next = next_boot(&seen).ok_or("nothing to boot")?;
    let choices: Vec<_> = allowed.iter().filter_map(|names| next_boot(names)).map(|next| next.root).collect();
    if !choices.contains(&next.root) {
        return Err(format!("the loader takes {next} of {seen:?}"));
    }
    for name in &seen {
        let number = (0..3).find(|at| version(*at).root == name.root).ok_or("an unknown version")?;
        let bytes = volume.read_file(&path(name)).map_err(|error| format!("{name}: {error}"))?;
        if bytes != content(number) {
            return Err(format!("{name} is not whole"));
        }
    }
    let found = repaired(left)?;
    if !allowed.contains(&found) {
        return Err(format!("{found:?}, expected one of {allowed:?}"));
    }
    Ok(())
}

fn repaired(left: &SparseMemory) -> Result<Vec<BootName>, String> {
    let esp = Esp::open(left.clone()).map_err(|error| error.to_string())?;
    Ok(names(&esp.finish().map_err(|error| error.to_string())?))
}

fn run(verbs: &[Verb], seed: u64, flushes: Flushes) -> Result<(), String> {
    let mut device = volume();
    for (at, verb) in verbs.iter().enumerate() {
        device = cut(&device, verb, seed.rotate_left(at as u32 * 7), flushes)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_cut_leaves_the_loader_a_whole_boot_image_and_every_verb_done_or_undone(
        verbs in verbs(),
        seed in any::<u64>(),
    ) {
        run(&verbs, seed, Flushes::Kept).map_err(TestCaseError::fail)?;
    }
}

/// If this passed, the test above would prove nothing.
#[test]
fn a_disk_that_ignores_flushes_breaks_the_promise() {
    let mut runner = TestRunner::deterministic();
    let mut broken = 0;
    for seed in 0..12u64 {
        let mut verbs = verbs().new_tree(&mut runner).unwrap().current();
        verbs.extend([Verb::Stage, Verb::Activate(2)]);
        let result = std::panic::catch_unwind(|| run(&verbs, (seed << 32) + 77, Flushes::Ignored));
        broken += usize::from(!matches!(result, Ok(Ok(()))));
    }
    assert!(broken >= 6, "{broken} of 12");
}
