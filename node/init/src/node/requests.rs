//! The socket on which programs of the node ask for things.
//!
//! PID 1 never waits for a client: what it sends is read when it comes, and one that says nothing for a while, does not
//! read what it is told, or is one too many, is let go.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use corten_control::{Answer, MAX_LINE, Request, SOCKET};
use corten_sys::peer::{self, Peer};

use crate::log::{Level, Log};

/// Clients at a time.
const MAX_CLIENTS: usize = 32;
/// Of these from one user other than root.
const MAX_OF_USER: usize = 8;
/// Time that a client has for its request.
const PATIENCE_MS: u64 = 5000;

/// A client, by a number that does not come again.
pub(super) type ClientId = u64;

/// What a client asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// Whom to answer.
    pub(super) client: ClientId,
    /// Who it is.
    pub(super) peer: Peer,
    /// The request, or why it is none.
    pub(super) request: Result<Request, String>,
}

#[derive(Debug)]
struct Client {
    id: ClientId,
    stream: UnixStream,
    peer: Peer,
    phase: Phase,
}

/// How far it is with a client.
#[derive(Debug)]
enum Phase {
    /// It has not said all yet.
    Saying { line: Vec<u8>, until_ms: u64 },
    /// It waits for its answer.
    Waiting,
    /// It is told of each change.
    Watching,
}

/// The socket and its clients.
#[derive(Debug, Default)]
pub(super) struct Requests {
    listener: Option<UnixListener>,
    clients: Vec<Client>,
    next: ClientId,
}

/// What one client came to.
enum Heard {
    Nothing,
    Line(Vec<u8>),
    Gone,
}

impl Requests {
    /// Listens.
    pub(super) fn listen(log: &Log) -> Self {
        let listener = listen(Path::new(SOCKET));
        let listener =
            listener.map_err(|error| log.write(Level::Warning, format_args!("{SOCKET}: {error}"))).ok();
        Self { listener, ..Self::default() }
    }

    /// What to wait on.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let listener = self.listener.iter().map(UnixListener::as_fd);
        listener.chain(self.clients.iter().map(|client| client.stream.as_fd()))
    }

    /// When a client loses its patience, or rather we ours.
    pub(super) fn deadline(&self) -> Option<u64> {
        let until = |client: &Client| match client.phase {
            Phase::Saying { until_ms, .. } => Some(until_ms),
            Phase::Waiting | Phase::Watching => None,
        };
        self.clients.iter().filter_map(until).min()
    }

    /// Takes in clients and what they say, and returns what is asked for.
    pub(super) fn take_in(&mut self, now_ms: u64) -> Vec<Asked> {
        // So many at a time: clients that come faster than they are taken must not keep the loop here.
        for _ in 0..MAX_CLIENTS {
            let Some(Ok((stream, _))) = self.listener.as_ref().map(UnixListener::accept) else { break };
            self.admit(stream, now_ms);
        }
        let mut asked = Vec::new();
        self.clients.retain_mut(|client| match client.hear(now_ms) {
            Heard::Gone => false,
            Heard::Nothing => true,
            Heard::Line(line) => {
                client.phase = Phase::Waiting;
                let request = Request::parse(&line).map_err(|error| error.to_string());
                asked.push(Asked { client: client.id, peer: client.peer, request });
                true
            }
        });
        asked
    }

    fn admit(&mut self, stream: UnixStream, now_ms: u64) {
        let Ok(peer) = peer::of(&stream) else { return };
        let of_user = self.clients.iter().filter(|client| client.peer.uid == peer.uid).count();
        let full = self.clients.len() >= MAX_CLIENTS || (peer.uid != 0 && of_user >= MAX_OF_USER);
        // Without this a client could make init wait.
        if full || stream.set_nonblocking(true).is_err() {
            return;
        }
        let until_ms = now_ms.saturating_add(PATIENCE_MS);
        let phase = Phase::Saying { line: Vec::new(), until_ms };
        self.clients.push(Client { id: self.next, stream, peer, phase });
        self.next = self.next.wrapping_add(1);
    }

    /// Answers a client, if it is still there, and lets it go.
    pub(super) fn answer(&mut self, client: ClientId, answer: &Answer) {
        if let Some(at) = self.clients.iter().position(|there| there.id == client) {
            let mut client = self.clients.swap_remove(at);
            // A client that does not take it does not need it.
            let _ = client.stream.write_all(answer.line().as_bytes());
        }
    }

    /// Tells a client something and goes on telling it what changes.
    pub(super) fn watch(&mut self, client: ClientId, first: &Answer) {
        if let Some(client) = self.clients.iter_mut().find(|there| there.id == client) {
            client.phase = Phase::Watching;
        }
        self.tell(|there| there.id == client, first);
    }

    /// Tells all clients that watch.
    pub(super) fn tell_watchers(&mut self, answer: &Answer) {
        self.tell(|client| matches!(client.phase, Phase::Watching), answer);
    }

    /// Whether somebody watches.
    pub(super) fn has_watchers(&self) -> bool {
        self.clients.iter().any(|client| matches!(client.phase, Phase::Watching))
    }

    fn tell(&mut self, which: impl Fn(&Client) -> bool, answer: &Answer) {
        let line = answer.line();
        // One that reads too slowly would miss something and not know it, so it is let go.
        self.clients.retain_mut(|client| !which(client) || client.stream.write_all(line.as_bytes()).is_ok());
    }
}

fn listen(path: &Path) -> std::io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let listener = UnixListener::bind(path)?;
    // Anybody may connect; what somebody may ask for is judged by who that is.
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Client {
    fn hear(&mut self, now_ms: u64) -> Heard {
        let mut buffer = [0; MAX_LINE];
        let read = match self.stream.read(&mut buffer) {
            Ok(0) => return Heard::Gone,
            Ok(length) => buffer.get(..length).unwrap_or_default(),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => &[],
            Err(_) => return Heard::Gone,
        };
        // Who waits for an answer has nothing more to say.
        let Phase::Saying { line, until_ms } = &mut self.phase else { return Heard::Nothing };
        line.extend(read);
        match line.iter().position(|byte| *byte == b'\n') {
            Some(end) => Heard::Line(line.drain(..end).collect()),
            None if line.len() < MAX_LINE && *until_ms > now_ms => Heard::Nothing,
            None => Heard::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The socket of a test, and the folder that it lies in.
    fn requests() -> (Requests, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = listen(&folder.path().join("init.sock")).expect("a socket");
        (Requests { listener: Some(listener), ..Requests::default() }, folder)
    }

    fn client(folder: &tempfile::TempDir, text: &str) -> UnixStream {
        let mut stream = UnixStream::connect(folder.path().join("init.sock")).expect("it listens");
        stream.write_all(text.as_bytes()).expect("it reads");
        stream
    }

    fn answer(mut stream: UnixStream) -> String {
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("a text");
        text
    }

    #[test]
    fn a_request_may_come_in_pieces_and_a_client_that_says_nothing_is_let_go() {
        let (mut requests, folder) = requests();
        let mut slow = client(&folder, "{\"request\":");
        assert!(requests.take_in(0).is_empty());
        assert_eq!(requests.deadline(), Some(PATIENCE_MS));
        slow.write_all(b"\"restart\"}\n").expect("it reads");
        let asked = requests.take_in(10);
        let [Asked { client: id, peer, request: Ok(Request::Restart) }] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!(peer.pid, std::process::id());
        requests.answer(*id, &Answer::Accepted);
        assert!(answer(slow).contains("accepted"));
        let silent = client(&folder, "{");
        assert!(requests.take_in(20).is_empty());
        assert!(requests.take_in(20 + PATIENCE_MS).is_empty());
        assert_eq!((requests.deadline(), answer(silent)), (None, String::new()));
    }

    #[test]
    fn what_is_no_request_is_told_and_a_line_without_end_is_dropped() {
        let (mut requests, folder) = requests();
        let _wrong = client(&folder, "{\"request\":\"dance\"}\n");
        let endless = client(&folder, &"x".repeat(MAX_LINE));
        let asked = requests.take_in(0);
        assert!(matches!(asked.as_slice(), [Asked { request: Err(_), .. }]), "{asked:?}");
        assert_eq!(answer(endless), "");
    }

    #[test]
    fn there_are_only_so_many_clients() {
        let (mut requests, folder) = requests();
        let held: Vec<_> = (0..MAX_CLIENTS + 3).map(|_| client(&folder, "{")).collect();
        requests.take_in(0);
        let most = if peer::of(&held[0]).expect("a peer").uid == 0 { MAX_CLIENTS } else { MAX_OF_USER };
        assert_eq!(requests.clients.len(), most);
        drop(held);
        requests.take_in(1);
        assert_eq!(requests.clients.len(), 0);
    }

    #[test]
    fn who_watches_is_told_until_it_does_not_read_any_more() {
        let (mut requests, folder) = requests();
        let watcher = client(&folder, "{\"request\":\"watch\"}\n");
        let asked = requests.take_in(0);
        requests.watch(asked[0].client, &Answer::Accepted);
        assert!(requests.has_watchers());
        for _ in 0..100_000 {
            requests.tell_watchers(&Answer::Accepted);
        }
        assert!(!requests.has_watchers());
        assert!(answer(watcher).starts_with(&Answer::Accepted.line().repeat(2)));
    }
}
