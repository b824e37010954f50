//! The first message of a request that is passed on, read before anything of it goes on: it says what the call is for,
//! and that has to be known before it happens.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use corten_api::error::ApiError;
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Frame};
use tonic::body::Body;
use tonic::{Code, Status};

/// Bytes of the longest first message. It names something, or is a command line.
const MAX_FIRST: usize = 64 << 10;
/// Time that a caller has for it.
const WITHIN: Duration = Duration::from_secs(30);
/// Bytes before each message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The first message, and the body as if nothing had been read. A body that ends before has none; what is wrong with
/// that is for the method to say.
pub async fn first(body: Body) -> Result<(Vec<u8>, Body), ApiError> {
    let mut read = Read { frames: VecDeque::new(), body };
    let message = tokio::time::timeout(WITHIN, read.message()).await.map_err(|_| {
        let cause = format!("no message within {} s of the beginning of the call", WITHIN.as_secs());
        ApiError::new(Code::DeadlineExceeded, cause, "")
    })??;
    Ok((message, Body::new(read)))
}

/// A body of which some frames were read.
struct Read {
    frames: VecDeque<Frame<Bytes>>,
    body: Body,
}

impl Read {
    async fn message(&mut self) -> Result<Vec<u8>, ApiError> {
        let mut bytes = Vec::new();
        loop {
            if let Some(message) = message(&bytes)? {
                return Ok(message.to_vec());
            }
            // A caller that is gone is noticed by whoever reads on.
            let Some(Ok(frame)) = self.body.frame().await else { return Ok(Vec::new()) };
            if let Some(data) = frame.data_ref() {
                bytes.extend_from_slice(data.get(..data.len().min(PREFIX + MAX_FIRST)).unwrap_or_default());
            }
            self.frames.push_back(frame);
        }
    }
}

/// The message at the beginning of bytes, once all of it is there.
fn message(bytes: &[u8]) -> Result<Option<&[u8]>, ApiError> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else { return Ok(None) };
    let [compressed, a, b, c, d] = *prefix;
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if compressed != 0 {
        let cause = "messages of this call must not be compressed";
        return Err(ApiError::new(Code::Unimplemented, cause, ""));
    }
    if length > MAX_FIRST {
        let cause = format!("the first message has {length} bytes, expected {MAX_FIRST} at most");
        return Err(ApiError::new(Code::InvalidArgument, cause, ""));
    }
    Ok(rest.get(..length))
}

impl hyper::body::Body for Read {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.frames.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None => Pin::new(&mut self.body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.body.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::StreamBody;
    use proptest::prelude::*;

    use super::*;

    /// A body of these pieces.
    fn body(pieces: Vec<Vec<u8>>) -> Body {
        let frames = pieces.into_iter().map(|piece| Ok::<_, Status>(Frame::data(Bytes::from(piece))));
        Body::new(StreamBody::new(tokio_stream::iter(frames)))
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [&[0], (message.len() as u32).to_be_bytes().as_slice(), message].concat()
    }

    async fn all(body: Body) -> Vec<u8> {
        body.collect().await.expect("nothing fails").to_bytes().to_vec()
    }

    #[tokio::test]
    async fn what_is_no_message_that_can_be_read_is_refused_or_left_to_the_method() {
        let compressed = [&[1], framed(b"x").get(1..).expect("a prefix")].concat();
        let refused = first(body(vec![compressed])).await.expect_err("it can't be read");
        assert_eq!(refused.code, Code::Unimplemented);
        let long = framed(&vec![0; MAX_FIRST + 1]);
        let refused = first(body(vec![long])).await.expect_err("it is too long");
        assert_eq!(refused.cause, "the first message has 65537 bytes, expected 65536 at most");
        for cut in [&b""[..], b"\0\0", b"\0\0\0\0\x05abc"] {
            let (message, rest) =
                first(body(vec![cut.to_vec()])).await.expect("the method says what is wrong");
            assert_eq!((message, all(rest).await), (Vec::new(), cut.to_vec()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_for_a_first_message() {
        let silent = Body::new(StreamBody::new(tokio_stream::pending::<Result<Frame<Bytes>, Status>>()));
        let refused = first(silent).await.expect_err("nothing comes");
        assert_eq!(refused.code, Code::DeadlineExceeded);
    }

    proptest! {
        #[test]
        fn the_first_message_is_read_and_the_body_stays_whole(
            one in prop::collection::vec(any::<u8>(), 0..200),
            two in prop::collection::vec(any::<u8>(), 0..200),
            size in 1_usize..50,
        ) {
            let bytes = [framed(&one), framed(&two)].concat();
            let pieces = bytes.chunks(size).map(<[u8]>::to_vec).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
            let (message, whole) = runtime.block_on(async {
                let (message, rest) = first(body(pieces)).await.expect("it can be read");
                (message, all(rest).await)
            });
            prop_assert_eq!(message, one);
            prop_assert_eq!(whole, bytes);
        }
    }
}
