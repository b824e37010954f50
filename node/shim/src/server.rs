//! The shim itself: one thread that waits for containerd, and for children that end.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use corten_sys::poll::ready;
use corten_sys::process::reap;
use corten_sys::signal::{Signal, Signals};

use crate::process::Reply;
use crate::tasks::Tasks;
use crate::wire::{self, Received};

/// How long containerd may take to take an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is waited for.
#[derive(Clone, Copy, Debug)]
enum Source {
    Signals,
    Listener,
    Late,
    Connection(u64),
}

/// A connection of containerd, and what was read of it that is no whole message yet.
struct Connection {
    stream: UnixStream,
    read: Vec<u8>,
}

/// Serves until the shim is not needed any more, or told to end.
///
/// # Errors
/// If the kernel refuses what it needs all the time.
pub fn serve(
    signals: &Signals,
    listener: &UnixListener,
    tasks: &mut Tasks,
) -> Result<(), corten_sys::SysError> {
    let mut connections: BTreeMap<u64, Connection> = BTreeMap::new();
    let mut next = 0;
    while !tasks.is_done() {
        let mut watched = vec![
            (Source::Signals, signals.as_fd()),
            (Source::Listener, listener.as_fd()),
            (Source::Late, tasks.late()),
        ];
        let open = connections.iter();
        watched.extend(open.map(|(number, one)| (Source::Connection(*number), one.stream.as_fd())));
        let sources = ready(&watched, None)?;
        for source in sources {
            match source {
                // They are taken below.
                Source::Late => {}
                Source::Signals => {
                    while let Some(signal) = signals.next()? {
                        if signal == Signal::TERM.as_raw() {
                            return Ok(());
                        }
                    }
                    while let Some((pid, exit)) = reap()? {
                        tasks.ended(pid, exit);
                    }
                }
                Source::Listener => {
                    if let Ok((stream, _)) = listener.accept()
                        && stream.set_write_timeout(Some(PATIENCE)).is_ok()
                    {
                        connections.insert(next, Connection { stream, read: Vec::new() });
                        next += 1;
                    }
                }
                Source::Connection(number) => {
                    let heard = connections.get_mut(&number).and_then(|one| hear(number, one, tasks));
                    if heard.is_none() {
                        connections.remove(&number);
                    }
                }
            }
        }
        for (Reply { connection, stream }, answer) in tasks.answers() {
            let Some(one) = connections.get_mut(&connection) else { continue };
            if one.stream.write_all(&wire::response(stream, answer)).is_err() {
                connections.remove(&connection);
            }
        }
    }
    Ok(())
}

/// Reads what has come. `None` if there is nothing to come any more, or nothing that makes sense.
fn hear(number: u64, connection: &mut Connection, tasks: &mut Tasks) -> Option<()> {
    let mut bytes = [0; 4096];
    let length = connection.stream.read(&mut bytes).ok().filter(|length| *length > 0)?;
    connection.read.extend_from_slice(bytes.get(..length)?);
    while let Some(received) = wire::take(&mut connection.read).ok()? {
        if let Received::Request(stream, request) = received {
            let reply = Reply { connection: number, stream };
            tasks.called(reply, &request.service, &request.method, &request.payload);
        }
    }
    // A large message does not keep its room.
    if connection.read.is_empty() {
        connection.read = Vec::new();
    }
    Some(())
}
