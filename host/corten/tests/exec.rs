//! `corten node exec` and its neighbours against a node in this process: pipes, a terminal, signals, exit codes.

#[allow(dead_code, reason = "the tests of the client use all of it")]
#[path = "../../client/tests/nodes/fake/mod.rs"]
mod fake;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use fake::{Fake, Owner};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

const PATIENCE: Duration = Duration::from_secs(30);

/// A node with a context for it.
struct Lab {
    owner: Owner,
    fake: Fake,
}

impl Lab {
    fn new() -> Self {
        let owner = Owner::new();
        let fake = Fake::of(&owner, "lab");
        let client = owner.client(corten_api::role::Role::Admin);
        let node = |name: &str| {
            format!(
                "[nodes.{name}]\naddress = \"{}\"\nauthority = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
                fake.at,
                owner.authority_file().display(),
                client.certificate.display(),
                client.key.display(),
            )
        };
        let contexts = format!("current = \"lab\"\n{}{}", node("lab"), node("other"));
        std::fs::write(owner.folder.path().join("contexts.toml"), contexts).expect("it is written");
        Self { owner, fake }
    }

    fn folder(&self) -> &Path {
        self.owner.folder.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_corten"));
        command.current_dir(self.folder()).args(["node", "--contexts", "contexts.toml"]).args(arguments);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().expect("it starts")
    }
}

/// Waits for a program to end, but not for ever.
fn ended(child: &mut Child) -> ExitStatus {
    let end = Instant::now() + PATIENCE;
    loop {
        match child.try_wait().expect("it is ours") {
            Some(status) => return status,
            None if Instant::now() > end => {
                let _ = child.kill();
                panic!("it does not end");
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

#[test]
fn a_program_in_a_pipe_gets_all_input_and_passes_its_exit_code_on() {
    let lab = Lab::new();
    let mut command = lab.command(&["exec", "-i", "web", "--", "cat"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input: Vec<u8> = (0..500_000_u32).map(|number| number as u8).collect();
    let written = input.clone();
    let writer = std::thread::spawn(move || stdin.write_all(&written));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("no panic").expect("it is read");
    assert_eq!(output.status.code(), Some(7), "{:?}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stdout == input && output.stderr == input);
    // Nobody's input is taken unless it is asked for.
    let output = lab.run(&["exec", "web", "--", "cat"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    let output = lab.run(&["debug", "web", "--image", "tools:1"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(143), &b"tools:1"[..]));
    let told = lab.fake.facts.told.lock().expect("nobody panics").clone();
    assert_eq!(told, ["exec cat []", "exec cat []"]);
}

#[test]
fn a_reader_that_has_seen_enough_ends_the_program() {
    let lab = Lab::new();
    let mut child =
        lab.command(&["exec", "web", "--", "flood"]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut some = [0; 2000];
    child.stdout.take().expect("a pipe").read_exact(&mut some).expect("it prints");
    assert_eq!(ended(&mut child).code(), Some(0));
}

#[test]
fn what_keeps_a_program_from_running_has_a_code_of_its_own() {
    let lab = Lab::new();
    for (arguments, code, says) in [
        (&["exec", "nobody", "--", "cat"][..], 12, "there is no workload \"nobody\""),
        (&["exec", "web", "--", "vanish"], 11, "did not say how the program ended"),
        (&["-n", "lab,other", "exec", "web", "--", "cat"], 2, "one node at a time"),
        (&["cp", "a", "b"], 2, "one side has to be WORKLOAD"),
        (&["cp", "web:/a", "web:/b"], 2, "one side has to be a path of this machine"),
        (&["volume", "remove", "data"], 2, "would lose the volume data"),
        (&["image", "import", "nowhere.tar"], 1, "nowhere.tar"),
        (&["cp", "nowhere", "web:/srv/"], 1, "nowhere"),
    ] {
        let output = lab.run(arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {told}");
        assert!(told.contains(says), "{arguments:?}: {told}");
    }
    let told = lab.fake.facts.told.lock().expect("nobody panics").clone();
    assert_eq!(told, ["exec vanish []"]);
}

#[test]
fn files_and_images_go_both_ways() {
    let lab = Lab::new();
    let output = lab.run(&["cp", "web:/etc/app", "."]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(lab.folder().join("app/file").exists());
    let output = lab.run(&["cp", "app", "web/app:/srv/"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(lab.folder().join("web.tar"), "an archive").expect("it is written");
    let output = lab.run(&["image", "import", "web.tar", "--name", "a:1", "--name", "b:1"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && shown.contains("a:1") && shown.contains("b:1"), "{shown}");
    let told = lab.fake.facts.told.lock().expect("nobody panics").clone();
    assert_eq!(told, ["copy to web/app:/srv/"]);
    let output = lab.run(&["stats", "--once", "-n", "lab,other"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 3);
    let output = lab.run(&["logs", "web", "-o", "json"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("\"stream\":\"stderr\""));
}

/// A terminal: the side of the person, and that of programs.
fn terminal() -> (File, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("there are terminals");
    grantpt(&person).expect("it is ours");
    unlockpt(&person).expect("it is ours");
    let name = ptsname(&person, Vec::new()).expect("it has one");
    let name = name.to_str().expect("a path").to_owned();
    let programs = File::options().read(true).write(true).open(name).expect("it is there");
    (person.into(), programs.into())
}

/// Whether the terminal looks at keys itself: it repeats them, and takes Ctrl-C for a signal.
fn is_as_usual(terminal: &OwnedFd) -> bool {
    let modes = tcgetattr(terminal).expect("a terminal").local_modes;
    modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn attached(lab: &Lab, programs: &OwnedFd) -> Child {
    let side = || Stdio::from(programs.try_clone().expect("it can be shared"));
    let mut command = lab.command(&["exec", "-it", "web", "--", "cat"]);
    command.env("TERM", "vt100").stdin(side()).stdout(side()).stderr(side());
    command.spawn().expect("it starts")
}

#[test]
fn keys_of_a_terminal_go_to_the_program_and_it_is_as_before_afterwards() {
    let lab = Lab::new();
    let (mut person, programs) = terminal();
    assert!(is_as_usual(&programs));
    let mut child = attached(&lab, &programs);
    until("a terminal that leaves keys alone", || !is_as_usual(&programs));
    // Ctrl-C and Ctrl-D are keys as all others.
    person.write_all(b"a\x03\x04").expect("it is read");
    let mut seen = Vec::new();
    let mut piece = [0; 64];
    // To both outputs, which are one here.
    while !(seen.ends_with(&[4]) && seen.len() >= 6) {
        let read = person.read(&mut piece).expect("it prints");
        seen.extend_from_slice(&piece[..read]);
    }
    assert!(seen.contains(&3) && seen.contains(&b'a'), "{seen:?}");
    let told = lab.fake.facts.told.lock().expect("nobody panics").clone();
    assert_eq!(told, ["exec cat [\"TERM=vt100\"]"]);
    // The node goes away in the middle.
    drop(lab);
    assert_eq!(ended(&mut child).code(), Some(11));
    assert!(is_as_usual(&programs));
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let lab = Lab::new();
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129)] {
        let (_person, programs) = terminal();
        let mut child = attached(&lab, &programs);
        until("a terminal that leaves keys alone", || !is_as_usual(&programs));
        kill_process(Pid::from_child(&child), signal).expect("it is ours");
        assert_eq!(ended(&mut child).code(), Some(code));
        assert!(is_as_usual(&programs));
    }
}
