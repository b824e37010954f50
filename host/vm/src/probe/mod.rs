//! Which accelerator: KVM only where a guest was seen to run in it.
//!
//! That `/dev/kvm` is there and opens says little: on a host that is a guest itself, QEMU may abort, or the guest
//! may hang after its first instructions. So a guest of 430 bytes is started with the processor model of the real
//! one and has to do what a kernel does first. The answer is kept until the host restarts or QEMU changes; silence is
//! one only the second time, since a host that is busy for a moment is silent too.

mod cache;
mod guest;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::arguments::{acceleration, processor};
use crate::emulator::Emulator;
use crate::error::Error;
use crate::machine::Accelerator;
use crate::process::Process;

/// The guest needs a few milliseconds; QEMU's own start is most of this on a busy host.
const LIMIT: Duration = Duration::from_secs(3);

/// How the accelerator is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// KVM if a guest runs in it, else TCG. The folder keeps the answer.
    Probe {
        /// A folder for what can be found out again; made if it is not there.
        cache: PathBuf,
    },
    /// This one.
    Fixed(Accelerator),
}

/// Chooses an accelerator; the text says why.
pub fn choose(emulator: &Emulator, choice: &Choice) -> Result<(Accelerator, String), Error> {
    let folder = match choice {
        Choice::Fixed(accelerator) => return Ok((*accelerator, "asked for".to_owned())),
        Choice::Probe { cache } => cache,
    };
    if let Err(error) = File::options().read(true).write(true).open("/dev/kvm") {
        return Ok((Accelerator::Tcg, format!("/dev/kvm: {error}")));
    }
    let seconds = LIMIT.as_secs();
    Ok(match known_or_found(emulator, folder, LIMIT)? {
        Verdict::Runs => (Accelerator::Kvm, "a guest runs in KVM".to_owned()),
        Verdict::DoesNotRun(why) => (Accelerator::Tcg, format!("no guest runs in KVM here: {why}")),
        Verdict::Silent => (Accelerator::Tcg, format!("a guest in KVM did nothing for {seconds} s")),
    })
}

/// The verdict about KVM, by an earlier probe or by one now.
fn known_or_found(emulator: &Emulator, folder: &Path, limit: Duration) -> Result<Verdict, Error> {
    let key = cache::Key::of_host(emulator.version()?);
    let known = cache::read(folder, &key);
    let verdict = match &known {
        Some(known) if *known != Verdict::Silent => return Ok(known.clone()),
        _ => probe(emulator, Accelerator::Kvm, limit)?,
    };
    let verdict = match (known, verdict) {
        (Some(Verdict::Silent), Verdict::Silent) => {
            Verdict::DoesNotRun(format!("a guest did nothing for {} s, twice", limit.as_secs()))
        }
        (_, verdict) => verdict,
    };
    cache::write(folder, &key, &verdict)?;
    Ok(verdict)
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A guest runs.
    Runs,
    /// None does, and why.
    DoesNotRun(String),
    /// The guest neither did its work nor ended in time.
    Silent,
}

/// Starts the guest.
fn probe(emulator: &Emulator, accelerator: Accelerator, limit: Duration) -> Result<Verdict, Error> {
    let folder = tempfile::Builder::new().prefix("corten-probe-").tempdir();
    let folder = folder.map_err(Error::host("creating a folder in", std::env::temp_dir()))?;
    let rom = folder.path().join("rom");
    fs::write(&rom, guest::rom()).map_err(Error::host("writing", &rom))?;
    let mut command: Command = emulator.command();
    command.args(["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-machine", "q35"]);
    command.args([
        "-accel",
        acceleration(accelerator),
        "-cpu",
        processor(accelerator),
        "-smp",
        "2",
        "-m",
        "256M",
    ]);
    command.args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1", "-bios"]).arg(&rom);
    let stderr =
        tempfile::tempfile_in(folder.path()).map_err(Error::host("creating a file in", folder.path()))?;
    let mut process = Process::start(command, stderr).map_err(|source| emulator.not_started(source))?;
    let end = Instant::now() + limit;
    while Instant::now() < end {
        if let Some(status) = process.ended() {
            if status.code() == Some(guest::EXIT_STATUS) {
                return Ok(Verdict::Runs);
            }
            // QEMU says more on later lines, but the first one is the cause.
            let message = process.message().lines().next().unwrap_or("the guest restarted").to_owned();
            return Ok(Verdict::DoesNotRun(format!("{message} ({status})")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(Verdict::Silent)
}

/// A program that only tests need, or `None` with a word about it, or a panic where tests have to have it.
#[cfg(test)]
pub(crate) fn outside_tool(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let given = std::env::var_os("CORTEN_TOOLS_BIN").map(PathBuf::from);
    let found = given.into_iter().chain(std::env::split_paths(&folders)).map(|folder| folder.join(name));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CORTEN_REQUIRE_TOOLS").is_none(), "{name} is not there");
        eprintln!("skipped: {name} is not there");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For a guest that does start, on a host that has other things to do.
    const PATIENCE: Duration = Duration::from_mins(1);

    #[test]
    fn the_guest_runs_in_a_qemu_that_works() {
        let Some(program) = outside_tool("qemu-system-x86_64") else { return };
        let emulator = Emulator::from_parts(&Command::new(program), None);
        let verdict = probe(&emulator, Accelerator::Tcg, PATIENCE).expect("QEMU starts");
        assert_eq!(verdict, Verdict::Runs);
    }

    /// A program that answers as a QEMU does when it is asked for its version, and does something else as a machine.
    fn liar(machine: &str) -> Emulator {
        let script = format!("case $1 in --version) echo QEMU emulator version 0;; *) {machine};; esac");
        let mut liar = Command::new("/bin/sh");
        liar.args(["-c", &script, "qemu"]);
        Emulator::from_parts(&liar, None)
    }

    /// What is made of a liar, with answers kept in that folder.
    fn ask(cache: &tempfile::TempDir, machine: &str, limit: Duration) -> Verdict {
        known_or_found(&liar(machine), cache.path(), limit).expect("a shell")
    }

    #[test]
    fn a_qemu_that_ends_by_itself_runs_no_guest_and_is_not_asked_again() {
        let cache = tempfile::tempdir().expect("temporary folder");
        let expected = Verdict::DoesNotRun("out of order (exit status: 1)".into());
        for emulator in [liar("echo out of order >&2; echo more >&2; exit 1"), liar("exit 7")] {
            let verdict = known_or_found(&emulator, cache.path(), PATIENCE).expect("the shell starts");
            assert_eq!(verdict, expected);
        }
    }

    #[test]
    fn a_silent_guest_is_asked_once_more() {
        let cache = tempfile::tempdir().expect("temporary folder");
        let moment = Duration::from_millis(100);
        assert_eq!(ask(&cache, "sleep 1000", moment), Verdict::Silent);
        assert_eq!(ask(&cache, &format!("exit {}", guest::EXIT_STATUS), PATIENCE), Verdict::Runs);
        assert_eq!(ask(&cache, "sleep 1000", moment), Verdict::Runs);
    }

    #[test]
    fn a_guest_that_is_silent_twice_runs_no_more() {
        let cache = tempfile::tempdir().expect("temporary folder");
        let moment = Duration::from_millis(100);
        assert_eq!(ask(&cache, "sleep 1000", moment), Verdict::Silent);
        let expected = Verdict::DoesNotRun("a guest did nothing for 0 s, twice".into());
        assert_eq!(ask(&cache, "sleep 1000", moment), expected);
        assert_eq!(ask(&cache, &format!("exit {}", guest::EXIT_STATUS), PATIENCE), expected);
    }
}
