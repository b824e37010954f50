//! The state of the node, brought up on the disk that it runs from, or the reason why there is none.

use corten_disk::state::{self, Around, Growth, Mounted};
use corten_disk::{Disk, table};
use corten_formats::gpt::Guid;
use corten_report::{Age, State as Report};
use corten_sys::clock::monotonic_ms;

use crate::handover::Root;
use crate::log::{Failure, Level, Log};
use crate::timeline::Timeline;
use crate::watchdog::Watchdog;
use crate::{machine, mounts};

/// A check of a large file system on a slow disk may take hours. What takes longer than this is a hang.
const STATE_MS: u64 = 4 * 3600 * 1000;

/// What the node keeps over reboots.
#[derive(Clone, Debug)]
pub enum State {
    /// It is mounted.
    Mounted(Kept),
    /// There is none, and why: no service is started.
    None(Failure),
}

/// A mounted state.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Identity of the machine.
    pub machine_id: String,
    /// What is reported of the state.
    pub report: Report,
    /// The device whose file system has to grow, if it has to.
    pub grows: Option<String>,
}

/// What bringing it up needs.
pub struct Bench<'a> {
    /// The kernel log.
    pub log: &'a Log,
    /// Fed while a program works on the file system.
    pub watchdog: &'a Watchdog,
    /// Where the time goes.
    pub timeline: &'a mut Timeline,
}

/// Mounts the state at `/var`, or what stands in for it.
pub fn bring_up(root: &Root, bench: &mut Bench<'_>) -> State {
    let log = bench.log;
    match mounted(root, bench) {
        Ok(mounted) => {
            mounts::directories(log);
            let machine_id = machine::identity(log);
            let grows = (mounted.growth == Growth::Wanted).then_some(mounted.device);
            let age = match mounted.age {
                state::Age::New => Age::New,
                state::Age::Kept => Age::Kept,
            };
            let report =
                Report { uuid: Guid::from_bytes(mounted.uuid).to_string(), bytes: mounted.bytes, age };
            State::Mounted(Kept { machine_id, report, grows })
        }
        Err(failure) => {
            if let Err(error) = mounts::without_state() {
                log.write(Level::Error, error);
            }
            mounts::directories(log);
            State::None(failure)
        }
    }
}

fn mounted(root: &Root, bench: &mut Bench<'_>) -> Result<Mounted, Failure> {
    let (log, watchdog) = (bench.log, bench.watchdog);
    let failed = |error: corten_disk::NoState| Failure::new("preparing the state", &error, error.hint());
    let disk = Disk::named(&root.disk).ok_or_else(|| {
        let why = "the disk that the system runs from is not there any more";
        Failure::new("preparing the state", why, "attach the disk and start the machine again")
    })?;
    let mut say = |text: &str| log.write(Level::Notice, text);

    let start = monotonic_ms();
    let partition = table::apply(&disk, &root.slot, &mut say).map_err(failed)?;
    let written = monotonic_ms();
    bench.timeline.record("stage2.table", start, written);
    let mut feed = watchdog.feeder(log, STATE_MS);
    let mut around = Around { wait: &mut feed, say: &mut say };
    let mounted = state::prepare(&disk, &partition, &mut around).map_err(failed)?;
    bench.timeline.record("stage2.state", written, monotonic_ms());
    Ok(mounted)
}
