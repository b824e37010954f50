//! Boots real images, built by a real `corten`, and checks what they do.
//!
//! A [`Scenario`](scenario::Scenario) is one boot, or one run of the command; its cases check one fact each about
//! what was seen. The boot happens when the first of its cases runs, so a filter on the command line boots only what
//! it needs.
//!
//! - `CORTEN_BIN`: the `corten` to test. Without it every case is skipped, or fails with `CORTEN_REQUIRE_TOOLS=1`.
//! - `CORTEN_TEST_DIR`: where images and console logs go; a folder below the temporary one without it.
//! - `CORTEN_SEED`: a number from which the power cuts follow; 1 without it.
//! - `--include-ignored`: the scenarios too that take longer than CI may.
#![forbid(unsafe_code)]

mod built;
mod disk;
mod esp;
mod image;
mod live;
mod partition;
mod program;
mod ran;
mod recording;
mod scenario;
mod scenarios;
mod second;
mod table;
mod tool;
mod workshop;

use std::ffi::OsString;
use std::sync::Arc;

use libtest_mimic::Trial;
use workshop::Workshop;

/// Every case.
pub fn trials() -> Result<Vec<Trial>, String> {
    let workshop = Workshop::from_environment(seed(std::env::var_os("CORTEN_SEED"))?).map(Arc::new);
    let mut trials = Vec::new();
    scenarios::artifacts::add(&workshop, &mut trials);
    scenarios::uefi::add(&workshop, &mut trials);
    scenarios::direct::add(&workshop, &mut trials);
    scenarios::hang::add(&workshop, &mut trials);
    scenarios::metal::add(&workshop, &mut trials);
    scenarios::services::add(&workshop, &mut trials);
    scenarios::request::add(&workshop, &mut trials);
    let boots = scenarios::state::Boots::new(&workshop);
    scenarios::state::add(&boots, &mut trials);
    scenarios::maintenance::add(&boots, &workshop, &mut trials);
    scenarios::second_disk::add(&boots, &workshop, &mut trials);
    scenarios::power::add(&boots, &mut trials);
    scenarios::verification::add(&workshop, &mut trials);
    scenarios::update::add(&workshop, &mut trials);
    scenarios::command::add(&workshop, &mut trials);
    let owner = scenarios::keys::add(&workshop, &mut trials);
    scenarios::api::add(&workshop, &mut trials);
    scenarios::roles::add(&workshop, &mut trials);
    scenarios::configuration::add(&workshop, &mut trials);
    scenarios::pairing::add(&workshop, &mut trials);
    scenarios::ways_in::add(&workshop, &mut trials);
    scenarios::workloads::add(&workshop, &mut trials);
    scenarios::web_server::add(&workshop, &mut trials);
    scenarios::reset::add(&workshop, &mut trials);
    scenarios::secure_boot::add(&workshop, &owner, &mut trials);
    Ok(trials)
}

/// One that is no number is a mistake of who wanted other power cuts, and must not mean the usual ones.
fn seed(given: Option<OsString>) -> Result<u64, String> {
    let Some(given) = given else { return Ok(1) };
    let given = given.to_string_lossy();
    let expected = || format!("CORTEN_SEED is {given:?}: expected a number from 0 to {}", u64::MAX);
    given.parse().map_err(|_| expected())
}
