//! The program.

use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use corten_sys::signal::{Signal, Signals};

use crate::events::Events;
use crate::server::serve;
use crate::start::{Asked, SOCKETS, delete, start};
use crate::tasks::Tasks;

/// Runs it, with the name under which it was started and the words behind it.
pub fn main(mut words: impl Iterator<Item = String>) -> ExitCode {
    let name = words.next().unwrap_or_default();
    let done = Asked::read(words).map_err(io::Error::other).and_then(|asked| match asked.action.as_deref() {
        Some("start") => start(&asked, &name),
        Some("delete") => delete(&asked),
        None => run(&asked),
        Some(other) => Err(io::Error::other(format!("{other:?} is neither start nor delete"))),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Is a shim, at the socket that is its standard input.
fn run(asked: &Asked) -> io::Result<()> {
    let signals = Signals::new(&[Signal::CHILD, Signal::TERM]).map_err(io::Error::other)?;
    // Processes of containers become its children once the runtime that made them is gone.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let listener = UnixListener::from(io::stdin().as_fd().try_clone_to_owned()?);
    let socket = listener.local_addr()?.as_pathname().map(Path::to_owned);
    let events = Events::to(std::env::var_os("TTRPC_ADDRESS").map(PathBuf::from), &asked.namespace);
    let mut tasks = Tasks::new(&asked.namespace, Path::new(SOCKETS), events)?;
    let served = serve(&signals, &listener, &mut tasks).map_err(io::Error::other);
    if let Some(socket) = socket {
        let _ = std::fs::remove_file(socket);
    }
    served
}
