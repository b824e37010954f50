//! Measures starts of containers inside a machine of `bench containers`: on Corten as a system workload, through the
//! node's local API; on a peer as a service, through the commands that people use there.
//!
//! One program on both sides, so that clock, pauses, warm-up and what counts as the first byte are the same. What it
//! finds goes to the console when a part is over, and never while something is measured.
#![forbid(unsafe_code)]

mod api;
mod commands;
mod console;
mod corten;
mod fault;
mod memory;
mod peers;

use std::process::ExitCode;
use std::time::Duration;

use corten_sys::clock::monotonic_ms;

/// How much is measured.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Starts one after another.
    starts: usize,
    /// Containers at once.
    crowd: usize,
}

/// Rounds before those that count.
pub(crate) const WARM_UP: usize = 3;
/// From the start of a machine's services until it is measured, and between two parts: what starts late has done so.
pub(crate) const SETTLE: Duration = Duration::from_secs(10);
/// Between the end of a container, with all that is cleaned up after it, and the next start.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);
/// How long a start may take.
pub(crate) const PATIENCE: Duration = Duration::from_mins(10);

fn main() -> ExitCode {
    let begun = monotonic_ms();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["corten", starts, crowd] => load(starts, crowd).and_then(corten::measure),
        ["peers", starts, crowd] => load(starts, crowd).and_then(peers::measure),
        ["first"] => return corten::stay(begun),
        ["relay"] => corten::relay(),
        _ => Err(fault::Fault::Arguments),
    };
    match console::end(&result) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn load(starts: &str, crowd: &str) -> Result<Load, fault::Fault> {
    let number = |text: &str| text.parse().map_err(|_| fault::Fault::Arguments);
    Ok(Load { starts: number(starts)?, crowd: number(crowd)? })
}
