//! A real program with a user, capabilities and limits of its own, and what the kernel says of it. Needs root.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use corten_sys::privileges::{Gains, Limit, LimitOf, Privileges, User};
use corten_sys::process::{Exit, reap, spawn};

const NET_BIND_SERVICE: u64 = 1 << 10;
const SYS_TIME: u64 = 1 << 25;

/// Lines of `/proc/self/status` by name, and of `/proc/self/limits` by the first word behind `Max`.
fn program(privileges: &Privileges) -> BTreeMap<String, String> {
    let (mut output, writer) = std::io::pipe().expect("a pipe");
    let mut command = Command::new("/bin/cat");
    command.args(["/proc/self/status", "/proc/self/limits", "/proc/self/oom_score_adj"]);
    command.arg0("cat").stdin(Stdio::null()).stdout(writer);
    let pid = spawn(&mut command, None, privileges).expect("cat starts");
    drop(command);
    let mut text = String::new();
    output.read_to_string(&mut text).expect("cat prints text");
    let exit = loop {
        match reap().expect("wait works") {
            Some((ended, exit)) if ended == pid => break exit,
            _ => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    assert_eq!(exit, Exit::Code(0), "{text}");
    let mut lines: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| {
            if let Some((name, value)) = line.split_once(":\t") {
                return Some((name.to_string(), value.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            let words: Vec<&str> = line.strip_prefix("Max ")?.split_whitespace().collect();
            let is_value = |word: &&&str| word.parse::<u64>().is_ok() || **word == "unlimited";
            let values: Vec<&str> = words.iter().filter(is_value).copied().collect();
            Some((format!("{} {}", words.first()?, words.get(1)?), values.join(" ")))
        })
        .collect();
    lines.insert("oom".into(), text.lines().last().unwrap_or_default().into());
    lines
}

/// Test binaries run tests at the same time, and `reap` takes any child, so there is one test.
#[test]
fn a_program_has_what_it_was_given_and_nothing_else() {
    if !std::fs::read_to_string("/proc/self/status")
        .is_ok_and(|status| status.contains("\nUid:\t0\t0\t0\t0\n"))
    {
        eprintln!("skipped: only root can give a program another user");
        return;
    }
    let user = User { uid: 4711, gid: 4712, groups: vec![4713, 4714] };
    let seen = program(&Privileges {
        user: Some(user.clone()),
        capabilities: Some(NET_BIND_SERVICE | SYS_TIME),
        gains: Gains::None,
        limits: vec![
            Limit { of: LimitOf::Descriptors, soft: Some(100), hard: Some(200) },
            Limit { of: LimitOf::Core, soft: Some(0), hard: Some(0) },
        ],
        umask: Some(0o027),
        oom_score: Some(321),
    });
    let kept = format!("{:016x}", NET_BIND_SERVICE | SYS_TIME);
    for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(seen[name], kept, "{name}");
    }
    assert_eq!((seen["Uid"].as_str(), seen["Gid"].as_str()), ("4711 4711 4711 4711", "4712 4712 4712 4712"));
    assert_eq!(seen["Groups"], "4713 4714");
    assert_eq!((seen["NoNewPrivs"].as_str(), seen["Umask"].as_str()), ("1", "0027"));
    assert_eq!(seen["open files"], "100 200");
    assert_eq!(seen["core file"], "0 0");
    assert_eq!(seen["oom"], "321");

    let none = program(&Privileges { user: Some(user), capabilities: Some(0), ..Privileges::default() });
    for name in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(none[name], "0000000000000000", "{name}");
    }

    let root = program(&Privileges { capabilities: Some(SYS_TIME), ..Privileges::default() });
    assert_eq!(root["Uid"], "0 0 0 0");
    assert_eq!((root["CapEff"].as_str(), root["CapBnd"].as_str()), ("0000000002000000", "0000000002000000"));

    let own = std::fs::read_to_string("/proc/self/status").expect("it can be read");
    let all = program(&Privileges::default());
    assert!(own.contains(&format!("CapBnd:\t{}\n", all["CapBnd"])), "nothing is taken by default");
    assert_eq!(all["NoNewPrivs"], "0");
}
