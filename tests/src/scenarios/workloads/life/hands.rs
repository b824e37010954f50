//! What people do with containers by hand: programs in them and beside them, with and without a terminal, files that are
//! copied, and what goes on while they look.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::super::hard::Traces;
use super::exec;
use crate::live::{Node, PATIENCE, find};
use crate::tool::tool;

const TERMINAL: &str = include_str!("terminal.py");

/// More than a message or a pipe holds.
const MUCH: usize = 300_000;

/// The namespaces of a process, and what the address of its link is.
const WHERE: &str = "for kind in pid net ipc mnt uts; do readlink /proc/self/ns/$kind; done; \
                     ip -4 -o addr show scope global | awk '{ print $4 }'";

/// Has a container print a line beside its own.
pub(super) fn say(node: &mut Node<'_>, container: &str, line: &str) -> Result<()> {
    exec(node, container, &format!("echo {line} > /proc/1/fd/1")).map(drop)
}

pub(super) fn answer_to_exec(node: &mut Node<'_>) -> Result<()> {
    let ran = node.run(&["exec", "speaker", "--", "/usr/bin/sh", "-c", "echo out; echo err >&2; exit 7"])?;
    ran.exits_with(7)?;
    ensure!(ran.printed() == "out\n" && ran.said().contains("err"), "{ran}");
    let killed = node.run(&["exec", "speaker", "--", "/usr/bin/sh", "-c", "kill -9 $$"])?;
    killed.exits_with(128 + 9)?;
    let unknown = node.run(&["exec", "nobody", "--", "/usr/bin/true"])?;
    unknown.exits_with(12)?;
    ensure!(unknown.said().contains("nobody"), "{unknown}");
    Ok(())
}

pub(super) fn read_what_is_piped_in(node: &mut Node<'_>) -> Result<()> {
    let bytes: Vec<u8> = (0..MUCH).map(|at| (at * 7 % 251) as u8).collect();
    let mut command = node.command()?;
    command.args(["exec", "-i", "speaker", "--", "/usr/bin/sh", "-c", "cat; exit 6"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = child.stdin.take().context("no standard input")?;
    let sent = bytes.clone();
    let writing = std::thread::spawn(move || input.write_all(&sent));
    let done = child.wait_with_output()?;
    writing.join().ok().context("the thread that writes panicked")??;
    ensure!(done.status.code() == Some(6), "{}", done.status);
    ensure!(done.stdout == bytes, "{} bytes came back of {MUCH}", done.stdout.len());
    // Without -i there is nothing to read.
    let without = node.run(&["exec", "speaker", "--", "/usr/bin/sh", "-c", "cat; echo over"])?;
    ensure!(without.printed() == "over\n", "{without}");
    Ok(())
}

pub(super) fn have_a_terminal(node: &mut Node<'_>) -> Result<()> {
    let command = node.command()?;
    let mut person = tool("python3")?;
    person.args(["-c", TERMINAL]).arg(command.get_program()).args(command.get_args());
    person.args(["exec", "-it", "speaker", "--", "/usr/bin/sh"]).env("TERM", "vt100");
    let done = person.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    // It leaves the shell with that.
    ensure!(done.status.code() == Some(5), "{}: {said}", done.status);
    Ok(())
}

/// Files and folders, there and back again.
pub(super) fn take_and_give_files(node: &mut Node<'_>) -> Result<()> {
    let folder = node.workshop.path("copied");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("inner"))?;
    let bytes: Vec<u8> = (0..MUCH).map(|at| (at * 11 % 253) as u8).collect();
    let files: [(&str, &[u8], u32); 3] =
        [("bytes", &bytes, 0o640), ("run", b"#!/usr/bin/sh\n", 0o755), ("inner/empty", b"", 0o600)];
    for (name, content, mode) in files {
        fs::write(tree.join(name), content)?;
        fs::set_permissions(tree.join(name), fs::Permissions::from_mode(mode))?;
    }
    let text = |path: &Path| Ok::<_, anyhow::Error>(path.to_str().context("no text")?.to_owned());
    exec(node, "guest", "mkdir /in")?;
    node.run(&["cp", &text(&tree)?, "guest:/in/"])?.exits_with(0)?;
    let there =
        exec(node, "guest", "cd /in/tree; stat -c '%a %s %n' bytes run inner/empty; cmp run /in/tree/run")?;
    ensure!(there == format!("640 {MUCH} bytes\n755 14 run\n600 0 inner/empty\n"), "{there}");
    let back = folder.join("back");
    node.run(&["cp", "guest:/in/tree", &text(&back)?])?.exits_with(0)?;
    for (name, content, mode) in files {
        let path = back.join(name);
        ensure!(fs::read(&path)? == content, "{} is another one", path.display());
        let found = fs::metadata(&path)?.permissions().mode() & 0o7777;
        ensure!(found == mode, "{} has mode {found:o}, expected {mode:o}", path.display());
    }
    // One file, under another name.
    node.run(&["cp", &text(&tree.join("bytes"))?, "guest:/in/other"])?.exits_with(0)?;
    let one = folder.join("one");
    node.run(&["cp", "guest:/in/other", &text(&one)?])?.exits_with(0)?;
    ensure!(fs::read(&one)? == bytes, "{} is another one", one.display());
    let absent = node.run(&["cp", "guest:/in/absent", &text(&folder.join("absent"))?])?;
    absent.exits_with(12)?;
    ensure!(!folder.join("absent").exists(), "{absent}");
    fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A line is there as soon as it is printed, without being asked for again.
pub(super) fn are_listened_to(node: &mut Node<'_>) -> Result<()> {
    let mut lines = node.follows(&["logs", "speaker", "-f", "--tail", "1"])?;
    for line in ["first-of-two", "second-of-two"] {
        // What is printed before it listens is among those that are kept, so this can't come too early.
        say(node, "speaker", line)?;
        lines.says(line, PATIENCE)?;
    }
    lines.is_there()
}

pub(super) fn are_watched(node: &mut Node<'_>) -> Result<()> {
    let mut stats = node.follows(&["-o", "json", "stats", "speaker"])?;
    let mut moments = Vec::new();
    for _ in 0..2 {
        let line: Value = serde_json::from_str(&stats.says("speaker/main", PATIENCE)?)?;
        let speaker = find(&line["result"]["containers"], "name", "speaker/main")?;
        ensure!(speaker["memory_bytes"].as_u64() > Some(0), "{line}");
        ensure!(speaker["processes"].as_u64() > Some(0), "{line}");
        // Of one workload alone.
        ensure!(line["result"]["containers"].as_array().map(Vec::len) == Some(1), "{line}");
        moments.push(line["result"]["at"].clone());
    }
    ensure!(moments[0].is_string() && moments[0] != moments[1], "{moments:?}");
    stats.is_there()
}

/// Another image's program sees what the container does, and may do everything.
pub(super) fn are_looked_into(node: &mut Node<'_>) -> Result<()> {
    let own = exec(node, "guest", WHERE)?;
    let script = format!("{WHERE}; grep CapEff /proc/self/status; tr '\\0' ' ' < /proc/1/cmdline; exit 9");
    let beside = ["debug", "guest", "--image", "busybox:1", "--", "/usr/bin/sh", "-c", &script];
    let ran = node.run(&beside)?;
    ran.exits_with(9)?;
    let printed = ran.printed();
    let (own, seen): (Vec<&str>, Vec<&str>) = (own.lines().collect(), printed.lines().collect());
    ensure!(own.len() == 6 && seen.len() == 8, "{own:?}, {seen:?}");
    for shared in [0, 1, 2, 5] {
        ensure!(own[shared] == seen[shared], "{}, beside it {}", own[shared], seen[shared]);
    }
    for apart in [3, 4] {
        ensure!(own[apart] != seen[apart], "{}, beside it too", own[apart]);
    }
    ensure!(seen[6].ends_with("000001ffffffffff"), "{}", seen[6]);
    ensure!(seen[7].contains("sleep 1000000"), "{}", seen[7]);
    Ok(())
}

/// While such a program runs it has all that a container has, and nothing of it is left when it ends.
pub(super) fn are_left_alone_again(node: &mut Node<'_>) -> Result<()> {
    let name = "corten-debug";
    let mut beside = node.follows(&[
        "debug",
        "-i",
        "guest",
        "--image",
        "busybox:1",
        "--",
        "/usr/bin/sh",
        "-c",
        "echo is here; cat",
    ])?;
    beside.says("is here", PATIENCE)?;
    let traces = Traces::look(node)?;
    let found = traces.of(name);
    for expected in ["/sys/fs/cgroup/workloads/", "/run/containerd/", "mount "] {
        ensure!(found.iter().any(|line| line.contains(expected)), "no {expected:?} in {found:?}");
    }
    ensure!(beside.ends(PATIENCE)? == 0, "it did not end well");
    node.until(PATIENCE, |node| {
        let traces = Traces::look(node)?;
        let left = traces.of(name);
        ensure!(left.is_empty(), "left behind: {left:#?}");
        Ok(())
    })
}
