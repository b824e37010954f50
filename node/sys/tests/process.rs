//! Programs started and reaped as PID 1 does it.

use std::process::{Command, Stdio};

use corten_sys::privileges::Privileges;
use corten_sys::process::{Exit, Signal, reap, spawn};
use corten_sys::signal::Signals;

/// Tests of one binary run at the same time, and `reap` takes any child, also the one that std starts and awaits when
/// it finds no program: so there is one test, and it is alone in its binary.
#[test]
fn a_program_runs_in_a_session_of_its_own_and_is_reaped_and_a_missing_one_is_named() {
    let _keep_blocked = Signals::new(&[Signal::USR2]).expect("signalfd works");
    let mut command = Command::new("/bin/sh");
    // Exit code 7 only if the mask is empty and the shell leads its session.
    command.args([
        "-c",
        "grep -q 'SigBlk:.0000000000000000' /proc/self/status && \
                   [ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] && exit 7; exit 1",
    ]);
    let pid = spawn(command.stdin(Stdio::null()), None, &Privileges::default()).expect("the shell starts");
    let exit = loop {
        match reap().expect("wait works") {
            Some((ended, exit)) if ended == pid => break exit,
            _ => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    assert_eq!(exit, Exit::Code(7));

    let error = spawn(&mut Command::new("/no/such/program"), None, &Privileges::default())
        .expect_err("nothing to run");
    assert_eq!(error.to_string(), "execve /no/such/program: No such file or directory (os error 2)");
}
