//! The end of an orderly stop, when no service runs any more: other processes, mounts, power.
//!
//! The watchdog stays armed to the very end and is fed until then: while processes end, and while the last data is
//! written, which takes as long as the disk needs. It is not disarmed for a power-off either. From the last food on
//! the kernel has the whole time to switch the machine off; drivers whose device would bite a machine that is off
//! stop it themselves when the kernel goes down. A machine that hangs on that way comes back up instead of being
//! neither off nor on, with nobody there to see it.

use std::thread;
use std::time::Duration;

use corten_sys::aside;
use corten_sys::clock::monotonic_ms;
use corten_sys::host::{Down, go_down};
use corten_sys::process::{self, Signal};

use crate::log::{Failure, Level, Log};
use crate::watchdog::Watchdog;
use crate::{entropy, facts, mounts};

/// What is left then are containers' processes and their shims.
const TERMINATE_MS: u64 = 5000;
const KILL_MS: u64 = 2000;
/// A disk that takes longer for the last data than this is taken for one that hangs, and the watchdog decides.
pub(crate) const LAST_WRITES_MS: u64 = 300_000;
const PAUSE: Duration = Duration::from_millis(10);

/// Ends all other processes, unmounts, and takes the machine down. Returns only if the kernel refuses that.
pub fn down(log: &Log, watchdog: &Watchdog, how: Down) -> Failure {
    for (signal, time) in [(Signal::TERM, TERMINATE_MS), (Signal::KILL, KILL_MS)] {
        if alone() {
            break;
        }
        if let Err(error) = process::kill_all_others(signal) {
            log.write(Level::Warning, error);
        }
        wait(time, &mut || watchdog.feed(log));
    }
    write_back(log, watchdog);
    watchdog.feed(log);
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

fn wait(time: u64, feed: &mut dyn FnMut()) {
    let end = monotonic_ms() + time;
    while !alone() && monotonic_ms() < end {
        feed();
        thread::sleep(PAUSE);
    }
}

/// Writes and unmounts aside, so that the watchdog is fed meanwhile.
fn write_back(log: &Log, watchdog: &Watchdog) {
    let work = || {
        entropy::stop(log);
        corten_sys::mount::sync();
        mounts::release(log);
        corten_sys::mount::sync();
    };
    aside::work(work, &mut watchdog.feeder(log, LAST_WRITES_MS));
}

/// Whether PID 1 is the only process of user space. Takes ended children on the way.
fn alone() -> bool {
    while matches!(process::reap(), Ok(Some(_))) {}
    facts::processes().iter().all(|pid| *pid == 1)
}
