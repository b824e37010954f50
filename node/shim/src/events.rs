//! What happens to tasks, told to containerd, which tells everybody who listens there (`ctr events`).
//!
//! Nothing depends on it arriving: who has to know of an end waits for it. What can't be told for a while, since
//! containerd restarts, is told later.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};

use prost::{Message, Name};
use prost_types::{Any, Timestamp};

use crate::api::containerd::services::events::ttrpc::v1::ForwardRequest;
use crate::api::containerd::types::Envelope;
use crate::wire::{self, Received, Request};

/// Events that wait to be told. Older ones are forgotten then.
const MOST: usize = 256;
/// How long containerd may take for one, and how long is waited before the next try.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells containerd of events.
#[derive(Debug)]
pub struct Events {
    namespace: String,
    send: Option<SyncSender<Envelope>>,
}

impl Events {
    /// Tells them at this socket; nobody if there is none.
    pub fn to(socket: Option<PathBuf>, namespace: &str) -> Self {
        let send = socket.and_then(|socket| {
            let (send, receive) = sync_channel(MOST);
            let tell = move || tell_all(&socket, &receive);
            std::thread::Builder::new().name("events".into()).spawn(tell).ok().map(|_| send)
        });
        Self { namespace: namespace.to_owned(), send }
    }

    /// Tells of one.
    pub fn tell<E: Message + Name>(&self, topic: &str, event: &E) {
        let Some(send) = &self.send else { return };
        let envelope = Envelope {
            timestamp: Some(now()),
            namespace: self.namespace.clone(),
            topic: topic.to_owned(),
            event: Some(Any { type_url: E::full_name(), value: event.encode_to_vec() }),
        };
        // A shim does not wait for who listens.
        let _ = send.try_send(envelope);
    }
}

/// The time as events and ends have it.
pub fn now() -> Timestamp {
    SystemTime::now().into()
}

fn tell_all(socket: &PathBuf, receive: &Receiver<Envelope>) {
    let mut waiting: VecDeque<Envelope> = VecDeque::new();
    loop {
        let next = if waiting.is_empty() {
            receive.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            receive.recv_timeout(PATIENCE)
        };
        match next {
            Ok(envelope) => waiting.push_back(envelope),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        waiting.extend(receive.try_iter());
        while waiting.len() > MOST {
            waiting.pop_front();
        }
        if let Ok(mut stream) = UnixStream::connect(socket) {
            for stream_number in (1..).step_by(2) {
                let Some(envelope) = waiting.front() else { break };
                if tell(&mut stream, stream_number, envelope).is_none() {
                    break;
                }
                waiting.pop_front();
            }
        }
    }
}

/// Tells one, and waits until it is heard.
fn tell(stream: &mut UnixStream, number: u32, envelope: &Envelope) -> Option<()> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let payload = ForwardRequest { envelope: Some(envelope.clone()) }.encode_to_vec();
    let request = Request {
        service: "containerd.services.events.ttrpc.v1.Events".into(),
        method: "Forward".into(),
        payload,
        timeout: i64::try_from(PATIENCE.as_nanos()).unwrap_or_default(),
    };
    stream.write_all(&wire::request(number, &request)).ok()?;
    let (mut read, mut bytes) = (Vec::new(), [0; 512]);
    loop {
        if let Some(received) = wire::take(&mut read).ok()? {
            // One that containerd refuses is refused a second time as well.
            return matches!(received, Received::Response(..)).then_some(());
        }
        let length = stream.read(&mut bytes).ok().filter(|length| *length > 0)?;
        read.extend_from_slice(bytes.get(..length)?);
    }
}
