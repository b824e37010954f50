//! The end of a boot that can't go on: say so everywhere, wait, restart.

use std::process::ExitCode;
use std::time::Duration;

use corten_report::{Event, Failed};
use corten_sys::host::{Down, go_down};

use crate::log::{Failure, Level, Log};
use crate::report::Reporter;
use crate::watchdog::Watchdog;

/// Long enough to read the console, short enough for a machine without a person to try again soon.
const PAUSE: Duration = Duration::from_secs(10);

impl From<&Failure> for Event {
    fn from(failure: &Failure) -> Self {
        let Failure { what, why, hint } = failure.clone();
        Self::Failed(Failed { what, why, hint })
    }
}

/// A defect of init itself ends PID 1, and the kernel with it, which restarts by `panic=` on its command line. Until
/// then the lines stand on the console.
pub fn announce_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let log = Log::open();
        let failure = Failure::new(
            "init itself",
            panic,
            "this is a defect of Corten: report these lines to its makers",
        );
        log.show(&failure, "the kernel stops and restarts the machine");
        Reporter::open().send(&Event::from(&failure));
    }));
}

/// Shows a failure, reports it, and restarts the machine after a pause.
///
/// The watchdog is fed for the last time before the pause, so it restarts a machine that can't do it by itself.
pub fn restart(log: &Log, watchdog: &Watchdog, failure: &Failure) -> ExitCode {
    watchdog.feed(log);
    log.show(failure, "restart in 10 seconds");
    let mut reporter = Reporter::open();
    reporter.send(&Event::from(failure));
    reporter.send(&Event::Stopping { cause: "failure".into() });
    std::thread::sleep(PAUSE);
    reporter.flush();
    corten_sys::mount::sync();
    if let Err(error) = go_down(Down::Restart) {
        log.write(Level::Error, error);
    }
    // The kernel panics when PID 1 ends, and restarts by panic= on its command line.
    ExitCode::FAILURE
}
