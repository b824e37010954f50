//! Requests of programs of the node, on a socket that is root's alone.
//!
//! PID 1 never waits for a client: what it sends is read when it comes, and one that says nothing for a while, or is
//! one too many, is let go.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use corten_control::{Answer, MAX_LINE, Request, SOCKET};
use corten_sys::host::Down;
use corten_sys::peer;

use crate::log::{Level, Log};

/// Clients at a time.
const MAX_CLIENTS: usize = 8;
/// Time that a client has for its request.
const PATIENCE_MS: u64 = 5000;

/// A client that has not said all yet.
#[derive(Debug)]
struct Client {
    stream: UnixStream,
    line: Vec<u8>,
    until_ms: u64,
}

/// The socket and its clients.
#[derive(Debug, Default)]
pub(super) struct Requests {
    listener: Option<UnixListener>,
    clients: Vec<Client>,
}

/// What one client came to.
enum Heard {
    More,
    Line(Vec<u8>),
    Nothing,
}

impl Requests {
    /// Listens.
    pub(super) fn listen(log: &Log) -> Self {
        let listener = listen(Path::new(SOCKET));
        let listener =
            listener.map_err(|error| log.write(Level::Warning, format_args!("{SOCKET}: {error}"))).ok();
        Self { listener, clients: Vec::new() }
    }

    /// What to wait on.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let listener = self.listener.iter().map(UnixListener::as_fd);
        listener.chain(self.clients.iter().map(|client| client.stream.as_fd()))
    }

    /// When a client loses its patience, or rather we ours.
    pub(super) fn deadline(&self) -> Option<u64> {
        self.clients.iter().map(|client| client.until_ms).min()
    }

    /// Takes in clients and what they say, and returns how the machine is to go down, if one of root's has just asked
    /// for that. Who asks for something else than what is being done already is refused.
    pub(super) fn take_in(&mut self, now_ms: u64, going: Option<Down>, log: &Log) -> Option<Down> {
        // So many at a time: clients that come faster than they are taken must not keep the loop here.
        for _ in 0..MAX_CLIENTS {
            let Some(Ok((stream, _))) = self.listener.as_ref().map(UnixListener::accept) else { break };
            let until_ms = now_ms.saturating_add(PATIENCE_MS);
            // Without the first a client could make init wait.
            if stream.set_nonblocking(true).is_ok() && self.clients.len() < MAX_CLIENTS {
                self.clients.push(Client { stream, line: Vec::new(), until_ms });
            }
        }
        let mut doing = going;
        let mut waiting = Vec::new();
        for mut client in std::mem::take(&mut self.clients) {
            match client.read() {
                Heard::More if client.until_ms > now_ms => waiting.push(client),
                Heard::More | Heard::Nothing => {}
                Heard::Line(line) => {
                    let answer = match judge(&client.stream, &line, doing) {
                        Ok(how) => {
                            doing = Some(how);
                            Answer::Accepted
                        }
                        Err(why) => {
                            log.write(Level::Warning, format_args!("a request was refused: {why}"));
                            Answer::Refused { why }
                        }
                    };
                    // A line fits into an empty socket; a client that is gone does not need it.
                    let _ = client.stream.write_all(answer.line().as_bytes());
                }
            }
        }
        self.clients = waiting;
        doing.filter(|_| going.is_none())
    }
}

fn listen(path: &Path) -> std::io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    // PID 1 creates with the kernel's mask of 022, so nobody else can connect before the mode is set either.
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// How the machine is to go down, or why not, while it does so already or does not.
fn judge(stream: &UnixStream, line: &[u8], doing: Option<Down>) -> Result<Down, String> {
    let uid = peer::uid(stream).map_err(|error| error.to_string())?;
    if uid != 0 {
        return Err(format!("user {uid} asked, and only root may"));
    }
    let how = match Request::parse(line).map_err(|error| error.to_string())? {
        Request::PowerOff => Down::PowerOff,
        Request::Restart => Down::Restart,
    };
    match doing {
        Some(Down::PowerOff) if how == Down::Restart => Err("the machine is being switched off".into()),
        Some(Down::Restart) if how == Down::PowerOff => Err("the machine is being restarted".into()),
        _ => Ok(how),
    }
}

impl Client {
    fn read(&mut self) -> Heard {
        let mut buffer = [0; MAX_LINE];
        match self.stream.read(&mut buffer) {
            Ok(0) => Heard::Nothing,
            Ok(length) => {
                self.line.extend(buffer.get(..length).unwrap_or_default());
                match self.line.iter().position(|byte| *byte == b'\n') {
                    Some(end) => Heard::Line(self.line.drain(..end).collect()),
                    None if self.line.len() < MAX_LINE => Heard::More,
                    None => Heard::Nothing,
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Heard::More
            }
            Err(_) => Heard::Nothing,
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
        (Requests { listener: Some(listener), clients: Vec::new() }, folder)
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
    fn the_socket_is_its_owners_alone() {
        let (_requests, folder) = requests();
        let mode = fs::metadata(folder.path().join("init.sock")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn a_request_may_come_in_pieces_and_a_client_that_says_nothing_is_let_go() {
        let (mut requests, folder) = requests();
        let log = Log::open();
        let mut slow = client(&folder, "{\"request\":");
        assert_eq!(requests.take_in(0, None, &log), None);
        assert_eq!(requests.deadline(), Some(PATIENCE_MS));
        slow.write_all(b"\"restart\"}\n").expect("it reads");
        // Tests may run as anybody; a node's programs are root or they are refused.
        let as_root = peer::uid(&slow).expect("a user") == 0;
        assert_eq!(requests.take_in(10, None, &log), as_root.then_some(Down::Restart));
        let said = answer(slow);
        assert_eq!(said.contains("accepted"), as_root, "{said}");
        let silent = client(&folder, "{");
        assert_eq!(requests.take_in(20, None, &log), None);
        assert_eq!(requests.take_in(20 + PATIENCE_MS, None, &log), None);
        assert_eq!((requests.deadline(), answer(silent)), (None, String::new()));
    }

    #[test]
    fn who_asks_for_something_else_than_what_is_being_done_is_refused() {
        let (mut requests, folder) = requests();
        let log = Log::open();
        let ask =
            |request: Request| client(&folder, &(serde_json::to_string(&request).expect("text") + "\n"));
        let (first, same, other) = (ask(Request::Restart), ask(Request::Restart), ask(Request::PowerOff));
        if peer::uid(&first).expect("a user") != 0 {
            return;
        }
        assert_eq!(requests.take_in(0, None, &log), Some(Down::Restart));
        assert!(answer(first).contains("accepted") && answer(same).contains("accepted"));
        assert!(answer(other).contains("the machine is being restarted"));
        let late = ask(Request::Restart);
        assert_eq!(requests.take_in(1, Some(Down::PowerOff), &log), None);
        assert!(answer(late).contains("the machine is being switched off"));
    }

    #[test]
    fn what_is_no_request_is_refused_and_a_line_without_end_is_dropped() {
        let (mut requests, folder) = requests();
        let log = Log::open();
        let (wrong, endless) =
            (client(&folder, "{\"request\":\"dance\"}\n"), client(&folder, &"x".repeat(MAX_LINE)));
        assert_eq!(requests.take_in(0, None, &log), None);
        assert!(answer(wrong).contains("refused"));
        assert_eq!(answer(endless), "");
    }

    #[test]
    fn there_are_only_so_many_clients() {
        let (mut requests, folder) = requests();
        let held: Vec<_> = (0..MAX_CLIENTS + 3).map(|_| client(&folder, "{")).collect();
        requests.take_in(0, None, &Log::open());
        assert_eq!(requests.clients.len(), MAX_CLIENTS);
        drop(held);
        requests.take_in(1, None, &Log::open());
        assert_eq!(requests.clients.len(), 0);
    }
}
