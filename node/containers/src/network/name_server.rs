//! aardvark-dns, which answers for names of workloads.
//!
//! netavark starts it with the first workload of a node and tells it of others by a signal; it ends by itself when the
//! last one leaves. Its number is in a file, and netavark sends its signal to whoever has that number, so a file that
//! outlived its process is removed before netavark sees it. When it dies meanwhile netavark notices no sooner than with
//! the next workload, which is why it is looked at from here.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use corten_sys::process::{Signal, kill};

use super::error::NetworkError;
use super::netavark::plain;
use super::places::Places;
use super::program;

/// The port of name servers. netavark's own choice, unless its environment names another one.
const PORT: &str = "53";
/// How long it may take to end once it has nothing to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two looks at it.
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes of a command line that are looked at.
const LONGEST: u64 = 4096;

/// The number of its process, if it runs.
pub(super) fn running(places: &Places) -> Option<u32> {
    let text = fs::read_to_string(number_file(places)).ok()?;
    let number: u32 = text.trim().parse().ok()?;
    let mut line = Vec::new();
    fs::File::open(format!("/proc/{number}/cmdline")).ok()?.take(LONGEST).read_to_end(&mut line).ok()?;
    let folder = places.name_files();
    let folder = folder.as_os_str().as_encoded_bytes();
    // One that has ended has no command line, and one in a container has files of its own.
    let is_of_node = files_of(&number.to_string()).is_some_and(|files| Some(files) == files_of("self"));
    (is_of_node && line.split(|byte| *byte == 0).any(|word| word == folder)).then_some(number)
}

/// Which file systems a process sees.
fn files_of(process: &str) -> Option<std::path::PathBuf> {
    fs::read_link(format!("/proc/{process}/ns/mnt")).ok()
}

/// Makes sure that no signal for it reaches another process.
pub(super) fn forget_dead(places: &Places) {
    if running(places).is_none() {
        // Where it is not there, there is nothing to forget.
        let _ = fs::remove_file(number_file(places));
    }
}

/// Makes the node's resolv.conf if the network service has not done so yet: without one it does not start, and workloads
/// reach each other before the node reaches anybody. The service replaces it.
pub(super) fn provide_servers(places: &Places) {
    // Where it is there already, or its folder is not, it says so itself.
    let _ = fs::File::create_new(&places.resolv_conf);
}

/// Starts it unless it runs. True if it was started.
pub(super) fn ensure(places: &Places) -> Result<bool, NetworkError> {
    if running(places).is_some() {
        return Ok(false);
    }
    forget_dead(places);
    provide_servers(places);
    let mut command = Command::new(&places.name_server);
    command
        .arg("--config")
        .arg(places.name_files())
        .args(["-p", PORT, "run"])
        .env_clear()
        .stdin(Stdio::null());
    let output = program::run(&mut command)?;
    if output.status.success() {
        return Ok(true);
    }
    let reason = plain(&String::from_utf8_lossy(&output.stderr));
    let reason = if reason.is_empty() { output.status.to_string() } else { reason };
    Err(NetworkError::Failed { program: places.name_server.display().to_string(), reason })
}

/// Has it read its files, and the node's servers, again.
pub(super) fn read_again(places: &Places) -> Result<(), NetworkError> {
    Ok(running(places).map_or(Ok(()), |number| kill(number, Signal::HUP))?)
}

/// Waits until it has ended by itself. Without this the next workload's names would be told to one that no longer reads
/// them.
pub(super) fn wait_for_end(places: &Places) {
    let begin = Instant::now();
    while running(places).is_some() && begin.elapsed() < PATIENCE {
        std::thread::sleep(PAUSE);
    }
    forget_dead(places);
}

/// Ends it.
pub(super) fn end(places: &Places) -> Result<(), NetworkError> {
    if let Some(number) = running(places) {
        kill(number, Signal::TERM)?;
        wait_for_end(places);
    }
    Ok(())
}

fn number_file(places: &Places) -> std::path::PathBuf {
    places.name_files().join("aardvark.pid")
}
