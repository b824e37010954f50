//! Runs on a peer of `bench boot` and reports like a Corten node: once when containerd serves, which it leaves to
//! the health check of Corten, and once more when the machine has been idle for a while.
//!
//! Clock, memory, processes and port are those of `corten-init`, so that the figures mean the same.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::thread::sleep;
use std::time::Duration;

use corten_init::{facts, report::Reporter};
use corten_report::{Event, Failed, Ready};
use corten_sys::clock::monotonic_ms;

/// Beside this program.
const HEALTH: &str = "health";
const SOCKET: &str = "/run/containerd/containerd.sock";
const SECONDS: &str = "600";
/// From serving to the second report: services that start late have done so.
const IDLE: Duration = Duration::from_secs(15);

fn main() -> ExitCode {
    let health = std::env::current_exe().unwrap_or_default();
    let health = health.parent().unwrap_or(Path::new("/")).join(HEALTH);
    let mut check = Command::new(health);
    check.args(["containerd", "--socket", SOCKET, "--timeout", SECONDS]);
    let serving = check.output();
    let now = monotonic_ms();
    let failed = match serving {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = failed {
        let hint = "look at the console of the peer".into();
        send(&Event::Failed(Failed { what: "containerd".into(), why, hint }));
        return ExitCode::FAILURE;
    }
    send(&ready(now));
    sleep(IDLE);
    send(&ready(monotonic_ms()));
    ExitCode::SUCCESS
}

/// The peer as it is now, without this program.
fn ready(now: u64) -> Event {
    Event::Ready(Ready {
        version: facts::version(),
        root_hash: String::new(),
        secure_boot: false,
        kernel_to_ready_ms: now,
        memory_used_bytes: facts::memory_used(),
        processes: (facts::processes().len() as u32).saturating_sub(1),
        services: BTreeMap::new(),
        machine_id: String::new(),
        state: None,
    })
}

/// Waits for the port, whose driver may come late, and closes it again.
fn send(event: &Event) {
    let mut reporter = Reporter::open();
    reporter.send(event);
    while !reporter.has_port() || reporter.is_waiting() {
        sleep(Duration::from_millis(10));
        if !reporter.has_port() {
            reporter = Reporter::open();
            reporter.send(event);
        }
        reporter.flush();
    }
}
