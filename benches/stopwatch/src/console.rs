//! What is found goes to the machine's serial console, which the host reads: lines that begin with a word of their own.
//! Whoever reads them counts them, so one that a message of the kernel is mixed with is noticed.

use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use crate::fault::Fault;
use crate::{Load, WARM_UP};

const CONSOLE: &str = "/dev/ttyS0";
/// Begins each line.
const MARK: &str = "@stopwatch";

/// The column and the row of the table that a figure is for.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) system: &'static str,
    pub(crate) what: &'static str,
}

/// Tells times, in microseconds.
pub(crate) fn times(cell: Cell, times: &[Duration]) -> Result<(), Fault> {
    times.iter().try_for_each(|time| figure(cell, time.as_micros()))
}

/// Tells one figure.
pub(crate) fn figure(Cell { system, what }: Cell, value: u128) -> Result<(), Fault> {
    line(&format!("{system} {what} {value}"))
}

/// Says that this is all.
pub(crate) fn end(result: &Result<(), Fault>) -> Result<(), Fault> {
    match result {
        Ok(()) => line("end"),
        // In one line.
        Err(fault) => line(&format!("failed {}", fault.to_string().replace(['\n', '\r'], " "))),
    }
}

/// Says what is done next, for people.
pub(crate) fn says(text: &str) -> Result<(), Fault> {
    line(&format!("says {text}"))
}

/// Says how far starts one by one are, every tenth time: under software emulation all of them take most of an hour.
pub(crate) fn says_round(round: usize, load: Load) -> Result<(), Fault> {
    if !round.is_multiple_of(10) {
        return Ok(());
    }
    says(&format!("starts one by one, {round} of {}", WARM_UP + load.starts))
}

fn line(text: &str) -> Result<(), Fault> {
    // It must not become the terminal that this program is ended with.
    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(CONSOLE, flags, Mode::empty()).map_err(std::io::Error::from);
    let write = |fd| File::from(fd).write_all(format!("\n{MARK} {text}\n").as_bytes());
    opened.and_then(write).map_err(Fault::io(CONSOLE))
}
