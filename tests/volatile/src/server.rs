//! The NBD server: one thread for each connection on a Unix socket.
//!
//! Requests that came in together were under way together, and a flush among them covers none of them. So a
//! connection is read until nothing more is there before the first answer goes out.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};

use crate::disk::{Disk, Pending};
use crate::handshake::{Chosen, negotiate};
use crate::protocol::{Command, MAX_DATA, REQUEST, Request, reply};
use crate::record::{Record, Tick};

/// Requests that are taken in at most before the first of them is answered.
const TOGETHER: usize = 64;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The file can't be a disk.
    #[error("the file of the disk: {0}")]
    Disk(#[source] io::Error),
    /// Nobody could connect.
    #[error("listening on {}: {source}", path.display())]
    Listen {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A disk that is served.
pub struct Server {
    socket: PathBuf,
    listener: UnixListener,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    disk: Mutex<Disk>,
    streams: Mutex<Vec<UnixStream>>,
    over: AtomicBool,
}

impl Shared {
    /// A thread that panicked has left a disk that is as good as before: a request is answered or not.
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn streams(&self) -> MutexGuard<'_, Vec<UnixStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Server {
    /// Serves a file as a disk on a socket of this path, which must not exist yet and have 107 bytes at most.
    pub fn start(file: File, socket: &Path) -> Result<Self, ServerError> {
        let disk = Disk::new(file).map_err(ServerError::Disk)?;
        let failed = |source| ServerError::Listen { path: socket.into(), source };
        let listener = UnixListener::bind(socket).map_err(failed)?;
        let shared =
            Shared { disk: Mutex::new(disk), streams: Mutex::default(), over: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let thread = std::thread::Builder::new().name("nbd".into()).spawn({
            let (shared, listener) = (Arc::clone(&shared), listener.try_clone().map_err(failed)?);
            move || accept(&listener, &shared)
        });
        Ok(Self { socket: socket.into(), listener, shared, thread: Some(thread.map_err(failed)?) })
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The moment of the record that is now.
    pub fn now(&self) -> Tick {
        self.shared.disk().record.end()
    }

    /// Ends all connections and returns the record.
    pub fn stop(mut self) -> Record {
        self.end();
        std::mem::take(&mut self.shared.disk().record)
    }

    fn end(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.over.store(true, Ordering::SeqCst);
        for stream in self.shared.streams().drain(..) {
            // One that is closed already is what we want.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
        // Wakes the thread that accepts, also where somebody has removed the socket's name.
        let _ = shutdown(&self.listener, Shutdown::Both);
        let _ = thread.join();
        let _ = std::fs::remove_file(&self.socket);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    let mut connections = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        let Ok(handle) = stream.try_clone() else { break };
        shared.streams().push(handle);
        if shared.over.load(Ordering::SeqCst) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            break;
        }
        let shared = Arc::clone(shared);
        connections.push(std::thread::spawn(move || {
            // A client that breaks off, or breaks the rules, has lost its connection; the disk does not mind.
            let _ = serve(&stream, &shared);
            // Dropping it is not enough, since the server keeps a handle.
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }));
    }
    for connection in connections {
        let _ = connection.join();
    }
}

fn serve(stream: &UnixStream, shared: &Shared) -> io::Result<()> {
    let mut answers = stream;
    let size = shared.disk().size();
    if negotiate(&mut answers, size)? == Chosen::Nothing {
        return Ok(());
    }
    let mut requests = BufReader::with_capacity(1 << 16, stream);
    loop {
        let (pending, last) = together(&mut requests, shared)?;
        for pending in pending {
            let answer = shared.disk().answer(&pending);
            answers.write_all(&reply(pending.cookie(), answer.as_ref().err().copied()))?;
            answers.write_all(&answer.unwrap_or_default())?;
        }
        if last == Last::Yes {
            return Ok(());
        }
    }
}

#[derive(PartialEq, Eq)]
enum Last {
    Yes,
    No,
}

/// Waits for a request and takes all that are there by then.
fn together(requests: &mut BufReader<&UnixStream>, shared: &Shared) -> io::Result<(Vec<Pending>, Last)> {
    let mut pending = Vec::new();
    while pending.is_empty() || (pending.len() < TOGETHER && more(requests)?) {
        let mut bytes = [0; REQUEST];
        requests.read_exact(&mut bytes)?;
        let wrong = || io::Error::new(io::ErrorKind::InvalidData, "no NBD request");
        let request = Request::parse(&bytes).ok_or_else(wrong)?;
        let mut data = Vec::new();
        match request.command {
            Command::Disconnect => return Ok((pending, Last::Yes)),
            Command::Write if request.length > MAX_DATA => return Err(wrong()),
            Command::Write => {
                data.resize(request.length as usize, 0);
                requests.read_exact(&mut data)?;
            }
            _ => {}
        }
        pending.push(shared.disk().receive(request, data));
    }
    Ok((pending, Last::No))
}

fn more(requests: &BufReader<&UnixStream>) -> io::Result<bool> {
    if !requests.buffer().is_empty() {
        return Ok(true);
    }
    let mut streams = [PollFd::new(requests.get_ref(), PollFlags::IN)];
    Ok(poll(&mut streams, Some(&Timespec::default()))? > 0)
}
