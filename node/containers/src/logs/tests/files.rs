//! What is on the disk: rotation, torn ends, full disks, what is removed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::logs::cursor::{Cursor, Until};
use crate::logs::store::Store;

fn name(container: &str) -> ContainerName {
    ContainerName::new("w", container).expect("a name")
}

fn records(at_ns: i64, texts: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for text in texts {
        Stamp::new(at_ns).write(Stream::Stdout, Part::Full, text.as_bytes(), &mut out);
    }
    out
}

fn store(folder: &Path, limits: Limits) -> Arc<Store> {
    Arc::new(Store::new(name("c"), folder.join("c"), limits))
}

fn read(cursor: &mut Cursor) -> Vec<(u64, String)> {
    let mut found = Vec::new();
    while cursor.peek().is_some() {
        let line = cursor.take().expect("it was seen");
        found.push((line.lost, line.text));
    }
    found
}

fn texts(store: &Arc<Store>, newest: Option<u64>, since_ns: i64) -> Vec<String> {
    read(&mut Cursor::new(store, newest, since_ns, Until::Now)).into_iter().map(|(_, text)| text).collect()
}

#[test]
fn files_change_places_and_never_are_more_or_larger_than_the_limits() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), SMALL);
    for number in 0..1000 {
        store.append(&records(number, &[&format!("line {number}")]), number);
        let files: Vec<_> = fs::read_dir(folder.path().join("c")).expect("a folder").flatten().collect();
        assert!(files.len() <= 3, "{files:?}");
        for file in files {
            let metadata = file.metadata().expect("it is there");
            assert!(metadata.len() <= SMALL.file_bytes);
            assert_eq!(metadata.permissions().mode() & 0o777 & !0o640, 0);
        }
    }
    let found = texts(&store, None, 0);
    let first = 1000 - found.len();
    assert!(found.len() > 100, "two whole files at least");
    assert_eq!(found, (first..1000).map(|number| format!("line {number}")).collect::<Vec<_>>());
    for wanted in [1, 3, 80, 100, 5000] {
        let newest = texts(&store, Some(wanted), 0);
        assert_eq!(newest, found[found.len().saturating_sub(wanted as usize)..]);
    }
    assert_eq!(texts(&store, None, 990).len(), 10);
    assert_eq!(texts(&store, Some(5), 998), ["line 998", "line 999"]);
}

#[test]
fn what_a_power_cut_tears_is_skipped_and_cut_off() {
    let whole = records(1, &["one", "two"]);
    let zeros = vec![0; 40_000];
    let torn: [(&[u8], &[&str]); 4] = [
        (b"2026-11-28T07:36:41.123456789Z stdout F thr", &["one", "two", "four"]),
        (&[0; 700], &["one", "two", "four"]),
        (&zeros, &["one", "two", "four"]),
        // A block that was not written, with records behind it that were.
        (
            b"\0\0\0\0\0\0\n2026-11-28T07:36:41.123456789Z stderr F three\n2026",
            &["one", "two", "three", "four"],
        ),
    ];
    for (end, expected) in torn {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("c")).expect("a folder");
        fs::write(folder.path().join("c/current"), [&whole, end].concat()).expect("it can be written");
        let store = store(folder.path(), Limits::default());
        assert_eq!(texts(&store, None, 0), expected[..expected.len() - 1], "before something is written");
        store.append(&records(3, &["four"]), 3);
        assert_eq!(texts(&store, None, 0), expected);
        let newest: Vec<String> = texts(&store, Some(2), 0);
        assert_eq!(newest, expected[expected.len() - 2..]);
    }
}

#[test]
fn a_torn_end_of_an_older_file_does_not_go_on_in_the_next_one() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("c")).expect("a folder");
    let torn = records(1, &["one", "two"]);
    fs::write(folder.path().join("c/1"), &torn[..torn.len() - 2]).expect("it can be written");
    fs::write(folder.path().join("c/current"), records(2, &["three"])).expect("it can be written");
    assert_eq!(texts(&store(folder.path(), SMALL), None, 0), ["one", "three"]);
}

#[test]
fn files_of_other_limits_are_taken_over_or_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("c")).expect("a folder");
    for (age, name) in ["current", "1", "2", "3", "7", "notes"].into_iter().enumerate() {
        fs::write(folder.path().join("c").join(name), records(1, &[&format!("{age}")]))
            .expect("it can be written");
    }
    let store = store(folder.path(), SMALL);
    store.append(&records(1, &["new"]), 1);
    assert_eq!(texts(&store, None, 0), ["2", "1", "0", "new"]);
    let mut names: Vec<_> = fs::read_dir(folder.path().join("c"))
        .expect("a folder")
        .flatten()
        .map(|file| file.file_name().into_string().expect("a name"))
        .collect();
    names.sort();
    assert_eq!(names, ["1", "2", "current", "notes"]);
}

#[test]
fn what_can_not_be_written_is_counted_and_said_when_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    // In the place of the folder stands a file, as if there were no room for one.
    fs::write(folder.path().join("c"), "").expect("it can be written");
    let store = store(folder.path(), SMALL);
    store.append(&records(1, &["one", "two"]), 1);
    store.append(&records(1, &["three"]), 1);
    assert_eq!(texts(&store, None, 0), [""; 0]);
    fs::remove_file(folder.path().join("c")).expect("it is there");
    store.append(&records(1, &["four"]), 1);
    store.append(&records(1, &["five"]), 1);
    let found = texts(&store, None, 0);
    assert!(found[0].starts_with("corten: 3 lines were lost here: "), "{found:?}");
    assert_eq!(found[1..], ["four", "five"]);
}

/// A disk that is really full, where this process may mount one.
#[test]
fn a_full_disk_leaves_whole_records_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).expect("a folder");
    if rustix::mount::mount("tmpfs", &disk, "tmpfs", rustix::mount::MountFlags::empty(), c"size=64k").is_err()
    {
        return;
    }
    fs::write(disk.join("other"), vec![0; 40 << 10]).expect("there is room");
    let store = store(&disk, Limits::default());
    let long = "x".repeat(1000);
    for number in 0..40 {
        store.append(&records(number, &[&long]), number);
    }
    let kept = texts(&store, None, 0);
    assert!(!kept.is_empty() && kept.len() < 40 && kept.iter().all(|text| *text == long), "{}", kept.len());
    fs::remove_file(disk.join("other")).expect("it is there");
    store.append(&records(50, &["room"]), 50);
    let after = texts(&store, None, 0);
    let note =
        format!("corten: {} lines were lost here: No space left on device (os error 28)", 40 - kept.len());
    assert_eq!(after[kept.len()..], [note, "room".into()]);
    rustix::mount::unmount(&disk, rustix::mount::UnmountFlags::DETACH).expect("it is mounted");
}

#[test]
fn a_file_that_somebody_removes_is_no_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path(), SMALL);
    store.append(&records(1, &["one"]), 1);
    let mut cursor = Cursor::new(&store, None, 0, Until::Never);
    fs::remove_dir_all(folder.path().join("c")).expect("it is there");
    assert_eq!(read(&mut cursor), []);
    let big = "x".repeat(4000);
    for number in 0..3 {
        // What is written until files change places goes to the file without a name.
        store.append(&records(number, &[&big]), number);
    }
    assert_eq!(store.end().generation, SMALL.first_generation() + 1);
}

#[test]
fn logs_of_what_is_gone_are_found_removed_and_limited() {
    let root = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: u64| {
        let folder = folder(root.path(), name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("current"), records(1, &["x"])).expect("it can be written");
        fs::File::create(folder.join("1")).and_then(|file| file.set_len(bytes)).expect("it can be made");
    };
    for (name, bytes) in [("old/a", 60 << 20), ("old/b", 0), ("web/a", 90 << 20), (".hidden/a", 0)] {
        write(name, bytes);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let logs = Logs::open(root.path()).expect("it can be read");
    let shown = |logs: &Logs| logs.names().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(shown(&logs), ["old/a", "old/b", "web/a"]);
    // What is there does not count.
    let present = [ContainerName::new("web", "a").expect("a name")].into();
    logs.tidy(&present).expect("it can be removed");
    assert_eq!(shown(&logs), ["old/a", "old/b", "web/a"]);
    logs.tidy(&std::collections::BTreeSet::new()).expect("it can be removed");
    assert_eq!(shown(&logs), ["old/b", "web/a"]);
    logs.remove("old").expect("it can be removed");
    logs.remove("never-there").expect("there is nothing to remove");
    assert_eq!(shown(&logs), ["web/a"]);
    assert!(!folder(root.path(), "old").exists() && folder(root.path(), ".hidden/a").exists());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whoever reads, however slowly, gets each line once, in order, or is told that it was lost.
    #[test]
    fn every_line_is_read_once_or_counted_as_lost(
        turns in prop::collection::vec((0_usize..40, 0_usize..200, any::<bool>()), 1..60),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let store = store(folder.path(), SMALL);
        let mut cursor = Cursor::new(&store, None, 0, Until::Never);
        let (mut written, mut accounted) = (0_u64, 0_u64);
        let mut check = |lines: Vec<(u64, String)>| {
            for (lost, text) in lines {
                accounted += lost;
                let number = accounted.to_string();
                prop_assert_eq!(text.split(' ').next(), Some(number.as_str()));
                accounted += 1;
            }
            Ok(())
        };
        for (lines, length, reads) in turns {
            let texts: Vec<String> =
                (0..lines as u64).map(|at| format!("{} {}", written + at, "x".repeat(length % 90))).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            // More than a file holds in one write is not what a pump does.
            for texts in texts.chunks(20) {
                store.append(&records(0, texts), 0);
                written += texts.len() as u64;
            }
            if reads {
                check(read(&mut cursor))?;
            } else if length % 3 == 0 && cursor.peek().is_some() {
                // A single line, so that the rest of what was read waits.
                let line = cursor.take().expect("it was seen");
                check(vec![(line.lost, line.text)])?;
            }
        }
        check(read(&mut cursor))?;
        prop_assert_eq!(accounted, written);
    }
}
