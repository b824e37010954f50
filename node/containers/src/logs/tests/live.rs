//! Containers that print, and readers meanwhile. All on a runtime of one thread, as on a node.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::*;
use crate::logs::{Attached, Errors};

/// The shim's side of a container: it holds both ends open, so that it never hears of a reader that left.
struct Shim {
    stdout: File,
    stderr: File,
}

impl Shim {
    fn open(attached: &Attached) -> Self {
        let open = |path| File::options().read(true).write(true).open(path).expect("a FIFO");
        Self { stdout: open(&attached.io.stdout), stderr: open(&attached.io.stderr) }
    }

    fn print(&mut self, text: &str) {
        self.stdout.write_all(text.as_bytes()).expect("there is room");
    }
}

fn logs(limits: Limits) -> (tempfile::TempDir, Logs) {
    let root = tempfile::tempdir().expect("a folder");
    let logs = Logs::with_limits(root.path(), limits).expect("a folder");
    (root, logs)
}

#[tokio::test]
async fn what_a_container_prints_is_kept_and_read() {
    let (root, logs) = logs(Limits::default());
    let attached = logs.attach("web", "nginx").expect("a name");
    let mut shim = Shim::open(&attached);
    let mut lines = logs.read(&followed("web")).expect("a name");
    shim.print("hello\nwor");
    assert_eq!(text(&mut lines).await, "hello");
    shim.stderr.write_all(b"caf\xe9 \xff\n").expect("there is room");
    let line = next(&mut lines).await.expect("a line");
    assert_eq!(
        (line.container.as_str(), line.stream.as_str(), line.text.as_str()),
        ("web/nginx", "stderr", "caf\u{fffd} \u{fffd}")
    );
    shim.print("ld\nlast");
    assert_eq!(text(&mut lines).await, "world");
    drop(shim);
    attached.finish().await;
    assert_eq!(text(&mut lines).await, "last");
    assert!(!root.path().join("run/corten/containers/io/web").exists(), "its FIFOs are gone");

    let file = fs::read(folder(root.path(), "web/nginx/current")).expect("it is there");
    let records: Vec<_> = file.split(|byte| *byte == b'\n').filter_map(parse_line).collect();
    assert_eq!(records.len(), 4);
    assert!(records.windows(2).all(|pair| pair[0].at_ns <= pair[1].at_ns));
    assert_eq!(all(&logs, request("web/nginx")).await.len(), 4);
    // Another start of the program finds them.
    let again = Logs::open(root.path()).expect("a folder");
    assert_eq!(all(&again, request("web")).await[3], "web/nginx: last");
}

#[tokio::test]
async fn what_is_printed_while_nobody_is_there_is_not_lost() {
    let (root, logs) = logs(Limits::default());
    let attached = logs.attach("web", "nginx").expect("a name");
    let mut shim = Shim::open(&attached);
    shim.print("before\nhalf ");
    let mut lines = logs.read(&followed("web")).expect("a name");
    assert_eq!(text(&mut lines).await, "before");
    attached.detach().await;
    drop((lines, logs));
    shim.print("a line\nmeanwhile\n");
    let logs = Logs::open(root.path()).expect("a folder");
    let attached = logs.attach("web", "nginx").expect("a name");
    shim.print("after\n");
    drop(shim);
    attached.finish().await;
    let expected =
        ["web/nginx: before", "web/nginx: half a line", "web/nginx: meanwhile", "web/nginx: after"];
    assert_eq!(all(&logs, request("")).await, expected);
}

#[tokio::test]
async fn all_that_fifos_hold_is_read_before_the_end() {
    let (_root, logs) = logs(Limits::default());
    let attached = logs.attach("job", "c").expect("a name");
    let mut shim = Shim::open(&attached);
    for stream in [&mut shim.stdout, &mut shim.stderr] {
        stream.write_all(&b"0123456\n".repeat(8 << 10)).expect("64 KiB fit");
    }
    attached.finish().await;
    assert_eq!(all(&logs, request("job")).await.len(), 16 << 10);
}

#[tokio::test]
async fn a_line_without_an_end_is_in_the_files_after_a_moment_and_whole_for_readers() {
    let (root, logs) = logs(Limits::default());
    let attached = logs.attach("w", "c").expect("a name");
    let mut shim = Shim::open(&attached);
    shim.print("password: ");
    let start = Instant::now();
    let path = folder(root.path(), "w/c/current");
    while !fs::read(&path).is_ok_and(|file| file.ends_with(b"stdout P password: \n")) {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(start.elapsed() > Duration::from_millis(900), "it would have become whole");
    shim.print("ok\n");
    let mut lines = logs.read(&followed("w/c")).expect("a name");
    assert_eq!(text(&mut lines).await, "password: ok");
    attached.finish().await;
}

#[tokio::test]
async fn long_lines_are_whole_again_and_endless_ones_come_in_portions() {
    let (_root, logs) = logs(Limits::default());
    let attached = logs.attach("w", "c").expect("a name");
    let mut shim = Shim::open(&attached);
    let writer = tokio::task::spawn_blocking(move || {
        for length in [100_000, 300_000] {
            shim.print(&"x".repeat(length));
            shim.print("\n");
        }
    });
    writer.await.expect("no panic");
    attached.finish().await;
    let lengths: Vec<usize> =
        all(&logs, request("w")).await.iter().map(|text| text.len() - "w/c: ".len()).collect();
    assert_eq!(lengths, [100_000, super::super::MAX_JOINED, 300_000 - super::super::MAX_JOINED]);
}

#[tokio::test]
async fn lines_of_several_containers_are_in_the_order_of_time() {
    let (_root, logs) = logs(Limits::default());
    let mut containers = Vec::new();
    for (workload, container) in [("a", "one"), ("a", "two"), ("b", "one")] {
        let attached = logs.attach(workload, container).expect("a name");
        containers.push((Shim::open(&attached), attached));
    }
    let mut lines = logs.read(&followed("")).expect("all");
    for number in 0..30 {
        let (shim, _) = &mut containers[number % 3];
        shim.print(&format!("{number}\n"));
        assert_eq!(text(&mut lines).await, number.to_string());
    }
    let of_a = all(&logs, request("a")).await;
    assert_eq!(of_a.len(), 20);
    assert_eq!(of_a[..3], ["a/one: 0", "a/two: 1", "a/one: 3"]);
    let newest = all(&logs, v1::WorkloadLogsRequest { tail: 4, ..request("") }).await;
    assert_eq!(newest, ["b/one: 26", "a/one: 27", "a/two: 28", "b/one: 29"]);
    let mut since = logs.read(&v1::WorkloadLogsRequest { tail: 1, ..followed("b") }).expect("a name");
    let at_ns = next(&mut since).await.expect("a line").at_ns;
    let later = all(&logs, v1::WorkloadLogsRequest { since_ns: at_ns, ..request("") }).await;
    assert_eq!(later.last().map(String::as_str), Some("b/one: 29"));
    assert!(later.len() <= 3, "{later:?}");

    // One that comes later is followed as well.
    let late = logs.attach("c", "late").expect("a name");
    Shim::open(&late).print("here\n");
    assert_eq!(text(&mut lines).await, "here");
    assert!(matches!(logs.read(&request("a/../b")), Err(LogError::Name(_))));
}

#[tokio::test]
async fn one_who_is_slow_is_told_what_is_lost_and_holds_up_nobody() {
    let (root, logs) = logs(SMALL);
    let attached = logs.attach("w", "c").expect("a name");
    let mut shim = Shim::open(&attached);
    let mut slow = logs.read(&followed("w")).expect("a name");
    let mut fast = logs.read(&followed("w")).expect("a name");
    for number in 0..3000 {
        shim.print(&format!("{number}\n"));
        assert_eq!(text(&mut fast).await, number.to_string());
    }
    attached.finish().await;
    let (mut accounted, mut lost) = (0, 0);
    while accounted < 3000 {
        let line = next(&mut slow).await.expect("a line");
        lost += line.lost;
        accounted += line.lost;
        assert_eq!(line.text, accounted.to_string());
        accounted += 1;
    }
    assert!(lost > 1000, "{lost} of 3000 lines lost, with room for some 200");
    assert_eq!(fs::read_dir(folder(root.path(), "w/c")).expect("a folder").count(), 3);
}

#[tokio::test]
async fn a_container_that_prints_without_end_does_not_hold_up_the_others() {
    let (root, logs) = logs(Limits { file_bytes: 1 << 20, files: 3 });
    let flood = logs.attach("flood", "c").expect("a name");
    let stop = Arc::new(AtomicBool::new(false));
    let flooding = {
        let (mut shim, stop) = (Shim::open(&flood), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut written = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                written += shim.stdout.write(&[b'\n'; 4096]).expect("somebody reads") as u64;
            }
            written
        })
    };
    let attached = logs.attach("calm", "c").expect("a name");
    let mut shim = Shim::open(&attached);
    let mut lines = logs.read(&followed("calm")).expect("a name");
    let mut waits = Vec::new();
    for number in 0..100 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let start = Instant::now();
        shim.print(&format!("{number}\n"));
        assert_eq!(text(&mut lines).await, number.to_string());
        waits.push(start.elapsed());
    }
    stop.store(true, Ordering::Relaxed);
    // Whoever waits for room gets some, and sees that it is to stop.
    let written =
        tokio::task::spawn_blocking(move || flooding.join()).await.expect("no panic").expect("no panic");
    flood.finish().await;
    attached.finish().await;
    waits.sort_unstable();
    // The machine of the tests may be busy; without turns nothing would ever come through.
    assert!(waits[50] < Duration::from_millis(200) && waits[99] < Duration::from_secs(5), "{waits:?}");
    assert!(written > 1 << 20, "{written} bytes are no flood");
    for file in fs::read_dir(folder(root.path(), "flood/c")).expect("a folder").flatten() {
        assert!(file.metadata().expect("it is there").len() <= 2 << 20);
    }
    eprintln!(
        "{written} bytes of line feeds; others' lines after {:?} (median), {:?} (longest)",
        waits[50], waits[99]
    );
}

#[tokio::test]
async fn what_is_removed_ends_for_its_readers_and_can_come_again() {
    let (root, logs) = logs(Limits::default());
    let attached = logs.attach("w", "c").expect("a name");
    Shim::open(&attached).print("old\n");
    attached.finish().await;
    let mut lines = logs.read(&followed("w")).expect("a name");
    assert_eq!(text(&mut lines).await, "old");
    logs.remove("w").expect("it can be removed");
    assert_eq!(all(&logs, request("w")).await, [""; 0]);
    let attached = logs.attach("w", "c").expect("a name");
    let present = std::collections::BTreeSet::new();
    logs.tidy(&present).expect("it is attached and stays");
    Shim::open(&attached).print("new\n");
    assert_eq!(text(&mut lines).await, "new");
    attached.finish().await;
    assert!(folder(root.path(), "w/c/current").exists());
}

#[tokio::test]
async fn a_program_that_somebody_runs_has_streams_without_a_log() {
    let (root, logs) = logs(Limits::default());
    let mut exec = logs.exec("run-1", Errors::Apart).expect("an identifier");
    let paths = exec.paths.clone();
    // The program repeats its input, and says when it was over.
    let program = std::thread::spawn(move || {
        let open = |path: &str| File::options().read(true).write(true).open(path).expect("a FIFO");
        let mut input = File::open(&paths.stdin).expect("a FIFO");
        let mut text = String::new();
        input.read_to_string(&mut text).expect("text");
        open(&paths.stdout).write_all(text.as_bytes()).expect("there is room");
        open(&paths.stderr).write_all(b"over").expect("there is room");
    });
    tokio::io::AsyncWriteExt::write_all(&mut exec.input, b"hello").await.expect("there is room");
    // It opened its input: what was written is read.
    while rustix::io::ioctl_fionread(&exec.input).is_ok_and(|waits| waits > 0) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(exec.input);
    tokio::task::spawn_blocking(|| program.join()).await.expect("no panic").expect("no panic");
    drop(exec.over);
    let mut found = Vec::new();
    while let Some(portion) = exec.output.next().await {
        let (stream, bytes) = portion.expect("it can be read");
        found.push((stream, String::from_utf8(bytes).expect("text")));
    }
    assert_eq!(found, [(Stream::Stdout, "hello".into()), (Stream::Stderr, "over".into())]);
    drop(exec.output);
    assert!(!root.path().join("run/corten/containers/io/.exec").exists());
    assert_eq!(logs.names(), []);

    let terminal = logs.exec("run-2", Errors::WithOutput).expect("an identifier");
    assert_eq!(terminal.paths.stderr, "");
    for id in ["", "../x", "a/b", ".x"] {
        assert!(matches!(logs.exec(id, Errors::Apart), Err(LogError::Name(_))), "{id:?}");
    }
}
