//! What this program is, decided by its name, process number and arguments.

use std::path::Path;
use std::process::ExitCode;

use corten_control::{Request, SOCKET};

use crate::log::{self, Log};
use crate::timeline::Timeline;
use crate::watchdog::Watchdog;
use crate::{apply, failure, health, modprobe, platform, reset, stage1, stage2};

/// Where this program lies in the root.
pub(crate) const PROGRAM: &str = "/usr/lib/corten/init";

/// The word by which it collects what the machine brings along as its configuration.
pub(crate) const PLATFORM: &str = "platform";

/// A role of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// PID 1 in the initrd.
    Stage1,
    /// PID 1 in the root, with what stage 1 hands over.
    Stage2(String),
    /// The kernel's helper that loads modules, with what it is asked for.
    Modprobe(Vec<String>),
    /// Loads the drivers of all devices.
    Coldplug,
    /// A task that has to do with the health of the running version.
    Health(Vec<String>),
    /// Asks PID 1 for something, in the name of a program of the node.
    Request(String),
    /// Collects what the machine brings along as its configuration.
    Platform,
    /// Shows lines on every console.
    Show(Vec<String>),
    /// Makes the machine what the agent wrote.
    Apply,
    /// Marks partitions that are made anew at the next start.
    Reset(Vec<String>),
    /// Somebody asks what this is.
    Version,
    /// Not something that can be done.
    Unknown,
}

fn role(arguments: &[String], is_pid_1: bool) -> Role {
    let name = arguments.first().map_or("", String::as_str);
    let name = name.rsplit('/').next().unwrap_or(name);
    let rest = arguments.get(1..).unwrap_or_default();
    let first = rest.first().map(String::as_str);
    match (name, first) {
        ("modprobe", _) => Role::Modprobe(rest.to_vec()),
        // Before PID 1: as a program in a container this has that number too.
        (_, Some("--version")) => Role::Version,
        (_, Some("stage2")) if is_pid_1 => Role::Stage2(rest.get(1).cloned().unwrap_or_default()),
        _ if is_pid_1 => Role::Stage1,
        (_, Some("coldplug")) => Role::Coldplug,
        (_, Some("request")) => Role::Request(rest.get(1).cloned().unwrap_or_default()),
        (_, Some(PLATFORM)) => Role::Platform,
        (_, Some("show")) => Role::Show(rest.get(1..).unwrap_or_default().to_vec()),
        (_, Some("apply")) => Role::Apply,
        (_, Some("reset")) => Role::Reset(rest.get(1..).unwrap_or_default().to_vec()),
        (_, Some("health")) => Role::Health(rest.get(1..).unwrap_or_default().to_vec()),
        _ => Role::Unknown,
    }
}

/// Does what the arguments say. PID 1 never comes back from here: it switches to the root, or takes the machine
/// down.
pub fn run(arguments: &[String]) -> ExitCode {
    let role = role(arguments, std::process::id() == 1);
    if matches!(role, Role::Stage1 | Role::Stage2(_)) {
        failure::announce_panics();
    }
    match role {
        Role::Stage1 => {
            let (mut log, mut timeline) = (Log::open(), Timeline::default());
            let mut watchdog = Watchdog::default();
            let why = stage1::run(&mut log, &mut watchdog, &mut timeline);
            failure::restart(&log, &watchdog, &why)
        }
        Role::Stage2(handover) => {
            let log = Log::open();
            let watchdog = Watchdog::inherit(&log);
            let why = stage2::run(&log, &watchdog, &handover);
            failure::restart(&log, &watchdog, &why)
        }
        Role::Modprobe(requests) => modprobe::on_request(&requests),
        Role::Coldplug => modprobe::all_devices(),
        Role::Health(words) => health::child::run(&words.iter().map(String::as_str).collect::<Vec<_>>()),
        Role::Request(wish) => request(&wish),
        Role::Platform => platform::collect(),
        Role::Show(lines) => {
            log::show_lines(&lines);
            ExitCode::SUCCESS
        }
        Role::Apply => apply::run(),
        Role::Reset(names) => reset::run(&names),
        Role::Version => {
            println!("corten-init {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Role::Unknown => {
            eprintln!("corten-init is PID 1 of a Corten node and does nothing when started by hand");
            ExitCode::from(2)
        }
    }
}

fn request(wish: &str) -> ExitCode {
    let request = match wish {
        "power-off" => Request::PowerOff,
        "restart" => Request::Restart,
        _ => {
            eprintln!("usage: init request power-off | restart");
            return ExitCode::from(2);
        }
    };
    match request.send(Path::new(SOCKET)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_process_number_and_arguments_make_the_role() {
        let of = |line: &str, pid_1| role(&line.split(' ').map(String::from).collect::<Vec<_>>(), pid_1);
        assert_eq!(of("/init", true), Role::Stage1);
        // The kernel passes what it does not know of its command line on to init.
        assert_eq!(of("/init splash", true), Role::Stage1);
        assert_eq!(of("/usr/lib/corten/init stage2 []", true), Role::Stage2("[]".into()));
        let request = ["-q", "--", "fs-xfs"].map(String::from).to_vec();
        assert_eq!(of("/sbin/modprobe -q -- fs-xfs", false), Role::Modprobe(request));
        assert_eq!(of("/program --version", true), Role::Version);
        assert_eq!(of("/sbin/init", false), Role::Unknown);
    }
}
