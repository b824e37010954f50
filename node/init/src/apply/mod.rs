//! The child that makes the machine what the agent wrote, as far as only root can: its name, kernel settings, modules,
//! disks. Each concern is idempotent. What can't be done is printed, and the rest is done anyway.
//!
//! The agent has no rights of its own, so nothing that it writes is believed: everything is read strictly and checked
//! here again.

mod disks;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::ExitCode;

use corten_control::{MAX_SYSTEM, SYSTEM_PATH, System};
use corten_sys::host;
use serde::{Deserialize, Serialize};

use crate::durable;
use crate::log::{Log, truncate};
use crate::modules::{Modules, Outcome};

/// What was done before, to be taken back when it is not wanted any more.
const APPLIED: &str = "/run/corten/applied.json";
/// Bytes of what is told of problems: less than a line of the log.
const MAX_SUMMARY: usize = 700;
/// O_NOFOLLOW and O_NONBLOCK of Linux.
#[cfg(target_arch = "x86_64")]
const NO_LINK: i32 = 0o400_000;
#[cfg(target_arch = "aarch64")]
const NO_LINK: i32 = 0o100_000;
const NO_WAIT: i32 = 0o4000;

/// What was changed so far.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Applied {
    /// Kernel settings as they were before.
    settings: BTreeMap<String, String>,
    /// Mount points of disks.
    mounts: BTreeSet<String>,
}

/// Makes the machine what the file says, and prints what could not be done on one line.
pub fn run() -> ExitCode {
    let system = match read(Path::new(SYSTEM_PATH)) {
        Ok(system) => system,
        Err(why) => {
            println!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let log = Log::open();
    let before = fs::read(APPLIED).ok().and_then(|text| serde_json::from_slice(&text).ok());
    let mut applied: Applied = before.unwrap_or_default();
    let mut problems = Vec::new();
    name(system.hostname.as_deref(), &mut problems);
    modules(&system.modules, &log, &mut problems);
    settings::apply(&system.sysctl, &mut applied.settings, &mut problems);
    // Before what may take long: an apply that is ended forgets nothing that it changed.
    keep(&applied, &mut problems);
    disks::apply(&system.disks, &mut applied.mounts, &mut problems);
    keep(&applied, &mut problems);
    if problems.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("{}", summary(&problems));
    ExitCode::FAILURE
}

fn keep(applied: &Applied, problems: &mut Vec<String>) {
    let text = serde_json::to_vec(applied).unwrap_or_default();
    if let Err(error) = durable::replace(Path::new(APPLIED), &text, 0o600) {
        problems.push(format!("{APPLIED}: {error}"));
    }
}

/// The problems on one line, which has an end.
fn summary(problems: &[String]) -> String {
    let mut text = String::new();
    for (told, problem) in problems.iter().enumerate() {
        if told > 0 && text.len() + problem.len() > MAX_SUMMARY {
            let _ = write!(text, "; and {} more", problems.len() - told);
            break;
        }
        let _ = write!(text, "{}{problem}", if told > 0 { "; " } else { "" });
    }
    truncate(&mut text, MAX_SUMMARY + 40);
    text
}

fn read(path: &Path) -> Result<System, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    // Whatever the agent puts there: not through a link, and without waiting for a pipe.
    let file = File::options().read(true).custom_flags(NO_LINK | NO_WAIT).open(path);
    let file = file.map_err(|error| failed(&error))?;
    if !file.metadata().is_ok_and(|there| there.is_file()) {
        return Err(failed(&"not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(MAX_SYSTEM + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.len() as u64 > MAX_SYSTEM {
        return Err(failed(&format_args!("larger than {MAX_SYSTEM} bytes")));
    }
    System::parse(&bytes).map_err(|error| error.to_string())
}

fn name(wanted: Option<&str>, problems: &mut Vec<String>) {
    let of_image = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = wanted.unwrap_or(of_image.trim());
    let sound = !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    if !sound {
        return problems.push(format!("{name:?} is not a host name"));
    }
    if let Err(error) = host::set_hostname(name) {
        problems.push(error.to_string());
    }
}

fn modules(wanted: &[String], log: &Log, problems: &mut Vec<String>) {
    if wanted.is_empty() {
        return;
    }
    let modules = match Modules::open() {
        Ok(modules) => modules,
        Err(error) => return problems.push(error.to_string()),
    };
    for name in wanted {
        match modules.load(name, log) {
            Ok(Outcome::Present) => {}
            Ok(Outcome::Unknown) => {
                problems.push(format!("kernel.modules: no module {name:?} in this image"));
            }
            Err(error) => problems.push(format!("kernel.modules: {name}: {error}")),
        }
    }
}
