//! Calls that go on for a while: when they end, and how. Those that are written down have an entry for their beginning
//! and one for their end, and the second one is on the disk before their caller hears of the end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::exec_response::Message as Executed;
use http::HeaderMap;
use hyper::body::{Bytes, Frame};
use prost::Message as _;
use tokio::sync::oneshot;
use tonic::body::Body;
use tonic::{Code, Status};

use super::messages::Messages;

/// Methods that change something and take as long as their caller wants, or as there is something to be moved.
const LASTING: [&str; 6] = [
    "corten.v1.Workloads/Exec",
    "corten.v1.Workloads/Debug",
    "corten.v1.Workloads/CopyFrom",
    "corten.v1.Workloads/CopyTo",
    "corten.v1.Images/Pull",
    "corten.v1.Images/Import",
];

/// Whether a path of a request is one of those.
pub fn lasts(path: &str) -> bool {
    LASTING.contains(&path.trim_start_matches('/'))
}

/// How a call ended.
#[derive(Debug)]
pub struct Ended {
    /// In words.
    pub result: String,
    /// To be dropped once it is written down.
    pub written: oneshot::Sender<()>,
}

/// The body of an answer, which tells of its end. The receiver gets an error if the caller did not wait for it.
pub fn watched(path: &str, body: Body) -> (Body, oneshot::Receiver<Ended>) {
    let (sender, receiver) = oneshot::channel();
    let executes = matches!(path.rsplit('/').next(), Some("Exec" | "Debug"));
    let state = State::Open { end: sender, messages: executes.then(Messages::default) };
    (Body::new(Watched { body, state }), receiver)
}

struct Watched {
    body: Body,
    state: State,
}

enum State {
    /// It goes on.
    Open { end: oneshot::Sender<Ended>, messages: Option<Messages> },
    /// It has ended, and that is being written down. What the caller is told last waits for that.
    Ending { written: oneshot::Receiver<()>, last: Option<Result<Frame<Bytes>, Status>> },
    /// There is no more.
    Over,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        loop {
            match &mut this.state {
                State::Over => return Poll::Ready(None),
                State::Ending { written, last } => {
                    // It is over when the other side is dropped.
                    let _ = ready!(Pin::new(written).poll(context));
                    let last = last.take();
                    this.state = State::Over;
                    return Poll::Ready(last);
                }
                State::Open { messages, .. } => {
                    let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
                    if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
                        if let Some(messages) = messages {
                            messages.take(data);
                        }
                        return Poll::Ready(frame);
                    }
                    this.end(frame);
                }
            }
        }
    }
}

/// A caller that knows how its program ended need not wait for more.
impl Drop for Watched {
    fn drop(&mut self) {
        let State::Open { end, messages: Some(messages) } = std::mem::replace(&mut self.state, State::Over)
        else {
            return;
        };
        if let Some(code) = exit_code(messages.last()) {
            let (written, _) = oneshot::channel();
            let _ = end.send(Ended { result: format!("exit code {code}"), written });
        }
    }
}

impl Watched {
    fn end(&mut self, last: Option<Result<Frame<Bytes>, Status>>) {
        let (sender, written) = oneshot::channel();
        let before = std::mem::replace(&mut self.state, State::Ending { written, last: None });
        let State::Open { end, messages } = before else { return };
        let trailers = match &last {
            Some(Ok(frame)) => frame.trailers_ref(),
            _ => None,
        };
        let result = match &last {
            Some(Err(status)) => failure(status),
            _ => result(trailers, messages.as_ref()),
        };
        // Nobody may be listening; then nothing is waited for.
        let _ = end.send(Ended { result, written: sender });
        if let State::Ending { last: place, .. } = &mut self.state {
            *place = last;
        }
    }
}

/// How a call ended, by what came last.
fn result(trailers: Option<&HeaderMap>, messages: Option<&Messages>) -> String {
    match trailers.and_then(Status::from_header_map) {
        Some(status) if status.code() != Code::Ok => failure(&status),
        None => "ended without a status".into(),
        Some(_) => match messages {
            None => "ok".into(),
            Some(messages) => match exit_code(messages.last()) {
                Some(code) => format!("exit code {code}"),
                None => "ended without an exit code".into(),
            },
        },
    }
}

/// As it stands in the audit log.
pub fn failure(status: &Status) -> String {
    format!("{:?}: {}", status.code(), ApiError::from(status).cause)
}

fn exit_code(last: Option<&[u8]>) -> Option<u32> {
    match v1::ExecResponse::decode(last?).ok()?.message? {
        Executed::Ended(v1::ExecEnd { exit_code }) => Some(exit_code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use corten_api::methods::{Changes, method_role};
    use http_body_util::{BodyExt as _, StreamBody};
    use tokio_stream::StreamExt as _;

    use super::*;

    fn framed(message: &v1::ExecResponse) -> Vec<u8> {
        let bytes = message.encode_to_vec();
        [&[0], (bytes.len() as u32).to_be_bytes().as_slice(), &bytes].concat()
    }

    fn said(message: Executed) -> v1::ExecResponse {
        v1::ExecResponse { message: Some(message) }
    }

    fn trailers(status: &Status) -> Frame<Bytes> {
        let mut map = HeaderMap::new();
        status.add_header(&mut map).expect("it fits");
        Frame::trailers(map)
    }

    /// What is told of a call whose answer has these pieces and this end, and what its caller gets.
    async fn told(path: &str, pieces: &[u8], end: Option<Status>) -> (String, usize) {
        let mut frames: Vec<Result<Frame<Bytes>, Status>> =
            pieces.chunks(7).map(|piece| Ok(Frame::data(Bytes::copy_from_slice(piece)))).collect();
        frames.extend(end.map(|status| Ok(trailers(&status))));
        let (mut body, ended) = watched(path, Body::new(StreamBody::new(tokio_stream::iter(frames))));
        let caller = tokio::spawn(async move {
            let mut bytes = 0;
            while let Some(frame) = body.frame().await {
                bytes += frame.expect("nothing fails").data_ref().map_or(0, Bytes::len);
            }
            bytes
        });
        let ended = ended.await.expect("it is told");
        tokio::task::yield_now().await;
        assert!(!caller.is_finished(), "the caller hears of it before it is written down");
        drop(ended.written);
        (ended.result, caller.await.expect("no panic"))
    }

    #[tokio::test]
    async fn an_end_is_told_with_the_exit_code_of_the_program() {
        let output = framed(&said(Executed::Output(vec![7; 100_000])));
        let ended = framed(&said(Executed::Ended(v1::ExecEnd { exit_code: 3 })));
        let all = [output.clone(), ended].concat();
        let exec = "/corten.v1.Workloads/Exec";
        assert_eq!(told(exec, &all, Some(Status::ok(""))).await, ("exit code 3".into(), all.len()));
        let (result, _) = told(exec, &output, Some(Status::ok(""))).await;
        assert_eq!(result, "ended without an exit code");
        let gone = Status::from(ApiError::new(Code::Unavailable, "went away", "try again"));
        assert_eq!(told(exec, &output, Some(gone)).await.0, "Unavailable: went away");
        assert_eq!(told(exec, &output, None).await.0, "ended without a status");
        assert_eq!(told("/corten.v1.Images/Import", &[], Some(Status::ok(""))).await.0, "ok");
    }

    #[tokio::test]
    async fn a_caller_that_does_not_wait_is_noticed() {
        let pending = StreamBody::new(tokio_stream::pending::<Result<Frame<Bytes>, Status>>());
        let (body, ended) = watched("/corten.v1.Workloads/Exec", Body::new(pending));
        drop(body);
        assert!(ended.await.is_err());
        // One that has heard how its program ended breaks nothing off.
        let ended = framed(&said(Executed::Ended(v1::ExecEnd { exit_code: 3 })));
        let frames = tokio_stream::once(Ok::<_, Status>(Frame::data(Bytes::from(ended))));
        let frames = StreamBody::new(frames.chain(tokio_stream::pending()));
        let (mut body, ended) = watched("/corten.v1.Workloads/Exec", Body::new(frames));
        body.frame().await.expect("a frame").expect("nothing fails");
        drop(body);
        assert_eq!(ended.await.expect("it is told").result, "exit code 3");
    }

    #[test]
    fn what_lasts_changes_something() {
        for method in LASTING {
            assert_eq!(method_role(method).map(|access| access.changes), Some(Changes::Node), "{method}");
            assert!(lasts(&format!("/{method}")));
        }
    }
}
