//! ttrpc, the protocol between containerd and its shims: frames over a Unix socket, and calls with one answer.
//!
//! A frame is ten bytes (length and stream as big-endian numbers of four bytes, kind, flags) and its content
//! (ttrpc: PROTOCOL.md). Streams of more than one message are for other services than that of a shim.

use prost::Message;

/// Bytes that the content of a frame may have, as ttrpc's own implementation has it.
pub const LARGEST: usize = 4 << 20;
const HEADER: usize = 10;
const REQUEST: u8 = 1;
const RESPONSE: u8 = 2;

/// What cannot be a frame. Nothing that follows can be understood either.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Too long.
    #[error("a message of {0} bytes; the longest has {LARGEST}")]
    Length(usize),
    /// Neither a request nor an answer.
    #[error("a message of kind {0}; 1 and 2 are known")]
    Kind(u8),
    /// Not what a frame of its kind holds.
    #[error("a message that can't be read: {0}")]
    Content(#[from] prost::DecodeError),
}

/// The number of an error, of those that gRPC has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Anything else.
    Unknown = 2,
    /// What was asked makes no sense.
    InvalidArgument = 3,
    /// There is no such thing.
    NotFound = 5,
    /// There is one already.
    AlreadyExists = 6,
    /// Not as things are now.
    FailedPrecondition = 9,
    /// Not done here.
    Unimplemented = 12,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// For programs.
    pub code: Code,
    /// For people.
    pub message: String,
}

impl Fault {
    /// A fault in words.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// One of the machine.
    #[expect(clippy::needless_pass_by_value, reason = "what Result::map_err passes on")]
    pub fn unknown(error: impl ToString) -> Self {
        Self::new(Code::Unknown, error.to_string())
    }

    /// One of the machine about a file, for `map_err`.
    pub fn at(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        move |error| Self::unknown(format!("{}: {error}", path.display()))
    }
}

/// What one side asks.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Request {
    /// Full name of the service.
    #[prost(string, tag = "1")]
    pub service: String,
    /// The method.
    #[prost(string, tag = "2")]
    pub method: String,
    /// Its argument.
    #[prost(bytes = "vec", tag = "3")]
    pub payload: Vec<u8>,
    /// How long whoever asks waits, in nanoseconds; 0 for as long as it takes.
    #[prost(int64, tag = "4")]
    pub timeout: i64,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Response {
    #[prost(message, optional, tag = "1")]
    status: Option<Status>,
    #[prost(bytes = "vec", tag = "2")]
    payload: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A question on this stream.
    Request(u32, Request),
    /// An answer on this stream, or why there is none.
    Response(u32, Result<Vec<u8>, String>),
}

/// Takes the first message out of what was read; `None` until all of it is there.
///
/// # Errors
/// If it is none. The connection is of no use then.
pub fn take(read: &mut Vec<u8>) -> Result<Option<Received>, WireError> {
    let header = read.split_first_chunk::<4>().and_then(|(length, rest)| {
        let (stream, rest) = rest.split_first_chunk::<4>()?;
        let ([kind, _flags], rest) = rest.split_first_chunk::<2>()?;
        Some((u32::from_be_bytes(*length) as usize, u32::from_be_bytes(*stream), *kind, rest))
    });
    let Some((length, stream, kind, rest)) = header else { return Ok(None) };
    if length > LARGEST {
        return Err(WireError::Length(length));
    }
    let Some(content) = rest.get(..length) else { return Ok(None) };
    let received = match kind {
        REQUEST => Received::Request(stream, Request::decode(content)?),
        RESPONSE => {
            let Response { status, payload } = Response::decode(content)?;
            let fault = status.filter(|status| status.code != 0);
            Received::Response(stream, fault.map_or(Ok(payload), |fault| Err(fault.message)))
        }
        kind => return Err(WireError::Kind(kind)),
    };
    read.drain(..HEADER + length);
    Ok(Some(received))
}

/// The frame of a request.
pub fn request(stream: u32, request: &Request) -> Vec<u8> {
    frame(REQUEST, stream, &request.encode_to_vec())
}

/// The frame of an answer.
pub fn response(stream: u32, answer: Result<Vec<u8>, Fault>) -> Vec<u8> {
    let response = match answer {
        Ok(payload) => Response { status: None, payload },
        Err(Fault { code, message }) => {
            Response { status: Some(Status { code: code as i32, message }), payload: Vec::new() }
        }
    };
    frame(RESPONSE, stream, &response.encode_to_vec())
}

fn frame(kind: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &stream.to_be_bytes(), &[kind, 0], content].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn question() -> Request {
        let (service, method) = ("containerd.task.v2.Task".into(), "State".into());
        Request { service, method, payload: vec![10, 1, b'a'], timeout: 0 }
    }

    #[test]
    fn frames_are_as_ttrpc_describes_them() {
        let bytes = request(1, &question());
        assert_eq!(bytes[..10], [0, 0, 0, bytes.len() as u8 - 10, 0, 0, 0, 1, 1, 0]);
        assert_eq!(response(3, Ok(Vec::new())), [0, 0, 0, 0, 0, 0, 0, 3, 2, 0]);
        let fault = Fault::new(Code::NotFound, "x");
        assert_eq!(response(3, Err(fault)), [0, 0, 0, 7, 0, 0, 0, 3, 2, 0, 10, 5, 8, 5, 18, 1, b'x']);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let of = |kind, length: usize| {
            let mut bytes = frame(kind, 1, &[]);
            bytes[..4].copy_from_slice(&(length as u32).to_be_bytes());
            take(&mut bytes)
        };
        assert_eq!(of(1, LARGEST + 1), Err(WireError::Length(LARGEST + 1)));
        assert_eq!(of(1, LARGEST), Ok(None));
        assert_eq!(of(3, 0), Err(WireError::Kind(3)));
        assert!(matches!(take(&mut frame(1, 1, &[0xff])), Err(WireError::Content(_))));
    }

    proptest! {
        #[test]
        fn messages_are_found_however_they_arrive(cut in 0_usize..40, streams in proptest::collection::vec(any::<u32>(), 1..4)) {
            let bytes: Vec<u8> = streams.iter().flat_map(|stream| request(*stream, &question())).collect();
            let (first, second) = bytes.split_at(cut.min(bytes.len()));
            let (mut read, mut found) = (Vec::new(), Vec::new());
            for part in [first, second] {
                read.extend_from_slice(part);
                while let Some(received) = take(&mut read)? {
                    found.push(received);
                }
            }
            let all: Vec<_> = streams.iter().map(|stream| Received::Request(*stream, question())).collect();
            prop_assert_eq!(found, all);
            prop_assert!(read.is_empty());
        }

        #[test]
        fn nothing_that_arrives_makes_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            while let Ok(Some(_)) = take(&mut bytes) {}
        }
    }
}
