//! The end of an orderly stop, when no service runs any more: other processes, mounts, power.

use std::time::Duration;

use corten_sys::clock::monotonic_ms;
use corten_sys::host::{Down, go_down};
use corten_sys::process::{self, Signal};

use crate::log::{Failure, Level, Log};
use crate::{facts, mounts};

/// What is left then are containers' processes and their shims.
const TERMINATE_MS: u64 = 5000;
const KILL_MS: u64 = 2000;
const PAUSE: Duration = Duration::from_millis(10);

/// Ends all other processes, unmounts, and takes the machine down. Returns only if the kernel refuses that.
pub fn down(log: &Log, how: Down) -> Failure {
    for (signal, time) in [(Signal::TERM, TERMINATE_MS), (Signal::KILL, KILL_MS)] {
        if alone() {
            break;
        }
        if let Err(error) = process::kill_all_others(signal) {
            log.write(Level::Warning, error);
        }
        wait(time);
    }
    corten_sys::mount::sync();
    mounts::release(log);
    corten_sys::mount::sync();
    log.write(
        Level::Notice,
        match how {
            Down::PowerOff => "stopped in order, power off",
            Down::Restart => "stopped in order, restart",
        },
    );
    let refused = go_down(how).err().map_or_else(String::new, |error| error.to_string());
    Failure::new(
        "taking the machine down",
        refused,
        "switch it off by hand: everything is stopped and written",
    )
}

fn wait(time: u64) {
    let end = monotonic_ms() + time;
    while !alone() && monotonic_ms() < end {
        std::thread::sleep(PAUSE);
    }
}

/// Whether PID 1 is the only process of user space. Takes ended children on the way.
fn alone() -> bool {
    while matches!(process::reap(), Ok(Some(_))) {}
    facts::processes().iter().all(|pid| *pid == 1)
}
