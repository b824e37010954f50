//! Running netavark, one at a time.
//!
//! It reads rules, works out what is missing, and adds that: two at once would add things twice. The file with the words
//! for it is locked and given to it as its input, so the lock lasts until it has ended, whatever becomes of this daemon
//! meanwhile, and the next daemon waits.

use std::fs::{File, TryLockError};
use std::io::{Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::super::error::NetworkError;
use super::super::places::Places;
use super::super::program;
use super::answer::{plain, refusal};

/// How long another one is waited for. It may be killed for taking [`program::LONGEST`] itself.
const PATIENCE: Duration = Duration::from_secs(40);
/// Time between two looks at it.
const PAUSE: Duration = Duration::from_millis(20);

/// What netavark is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::network) enum Verb {
    Setup,
    Teardown,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Teardown => "teardown",
        }
    }
}

/// Has netavark do something about the workload whose namespace this is. Returns what it says.
pub(in crate::network) fn run(
    places: &Places,
    verb: Verb,
    namespace: &Path,
    request: &[u8],
) -> Result<Vec<u8>, NetworkError> {
    let input = input(&places.request(), request)?;
    let lock = input.try_clone().map_err(failed(&places.request()))?;
    let mut command = Command::new(&places.netavark);
    command
        .args(["--firewall-driver", "nftables", "--rootless", "false", "--config"])
        .arg(places.netavark_files())
        .arg("--aardvark-binary")
        .arg(&places.name_server)
        .arg(verb.word())
        .arg(namespace)
        .env_clear()
        .env("PATH", Places::folder_of(&places.nft))
        .stdin(Stdio::from(input));
    let output = program::run(&mut command)?;
    drop(lock);
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = refusal(&output.stdout).unwrap_or_else(|| plain(&String::from_utf8_lossy(&output.stderr)));
    let reason = if words.is_empty() { output.status.to_string() } else { words };
    Err(NetworkError::Netavark { verb: verb.word(), reason })
}

/// The file with the words, locked.
fn input(path: &Path, request: &[u8]) -> Result<File, NetworkError> {
    let io = failed(path);
    let options = File::options().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    let mut file = options.map_err(&io)?;
    let begin = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begin.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(NetworkError::Busy { path: path.to_owned(), seconds: PATIENCE.as_secs() });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
    file.set_len(0).and_then(|()| file.write_all(request)).and_then(|()| file.rewind()).map_err(&io)?;
    Ok(file)
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> NetworkError {
    let path = path.to_owned();
    move |error| NetworkError::Io { path: path.clone(), error }
}
