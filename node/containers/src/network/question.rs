//! One question to a name server (RFC 1035, section 4), to find out whether it knows a workload by now.
//!
//! aardvark-dns is told of a new workload by a signal and reads its files some milliseconds later. Who asks earlier,
//! on a bridge that is new, is told by the kernel that nobody is there, and programs give up on that.

use std::net::{IpAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::files::DOMAIN;

/// How long a name is waited for. It takes milliseconds, but for a node that is short of processors.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one answer may take, and the time between two questions that nobody answered.
const TURN: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes of the longest answer (section 2.3.4).
const LONGEST: usize = 512;
/// Bytes of the header.
const HEADER: usize = 12;

/// Waits until the server at `server` has an address for `name`. False if it has none in time.
pub(super) fn wait_for(server: IpAddr, name: &str) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        match ask(server, name) {
            Ok(true) => return true,
            Ok(false) | Err(_) => std::thread::sleep(PAUSE),
        }
    }
    false
}

fn ask(server: IpAddr, name: &str) -> std::io::Result<bool> {
    let any: IpAddr = if server.is_ipv4() { [0, 0, 0, 0].into() } else { [0_u16; 8].into() };
    let socket = UdpSocket::bind((any, 0))?;
    // Only what comes from the server is received then, and a closed port is an error at once.
    socket.connect((server, 53))?;
    socket.set_read_timeout(Some(TURN))?;
    let id = socket.local_addr()?.port();
    socket.send(&question(id, name))?;
    let mut answer = [0; LONGEST];
    let length = socket.recv(&mut answer)?;
    Ok(is_answered(answer.get(..length).unwrap_or_default(), id))
}

/// A question for addresses of IPv4 of a workload.
fn question(id: u16, name: &str) -> Vec<u8> {
    // Recursion desired; one question.
    let mut bytes = [id, 0x0100, 1, 0, 0, 0].map(u16::to_be_bytes).concat();
    for label in name.split('.').chain(DOMAIN.split('.')) {
        bytes.push(label.len() as u8);
        bytes.extend(label.as_bytes());
    }
    // The root; type A; class IN.
    bytes.extend([0, 0, 1, 0, 1]);
    bytes
}

/// Whether a message is a response to the question with this number, and has an answer in it.
pub fn is_answered(message: &[u8], id: u16) -> bool {
    let word =
        |at: usize| message.get(at..at + 2).and_then(|two| two.try_into().ok()).map(u16::from_be_bytes);
    // A response, without an error.
    let is_response = |flags: u16| flags & 0x800f == 0x8000;
    message.len() >= HEADER
        && word(0) == Some(id)
        && word(2).is_some_and(is_response)
        && word(6).is_some_and(|answers| answers > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_names_the_workload_in_the_domain_of_workloads() {
        let bytes = question(0x1234, "web");
        assert_eq!(&bytes[..HEADER], [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&bytes[HEADER..], b"\x03web\x03dns\x06podman\0\0\x01\0\x01");
    }

    #[test]
    fn only_a_good_response_with_an_answer_counts() {
        let message =
            |id: u16, flags: u16, answers: u16| [id, flags, 1, answers, 0, 0].map(u16::to_be_bytes).concat();
        assert!(is_answered(&message(7, 0x8180, 1), 7));
        for (bytes, why) in [
            (message(8, 0x8180, 1), "of another question"),
            (message(7, 0x0180, 1), "a question"),
            (message(7, 0x8183, 0), "no such name"),
            (message(7, 0x8183, 1), "an error"),
            (message(7, 0x8180, 0), "no answer"),
            (vec![0; 3], "too short"),
        ] {
            assert!(!is_answered(&bytes, 7), "{why}");
        }
    }
}
