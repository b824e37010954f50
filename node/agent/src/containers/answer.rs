//! What the container service answers, on its way to the caller. A service that goes away in the middle is told as an
//! error of the API: without it a caller would hear of a stream of HTTP/2 that was reset.

use std::pin::Pin;
use std::task::{Context, Poll};

use http::HeaderMap;
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;

use super::way::broken;

/// An answer that is passed back. Its call counts until this is dropped.
pub struct Answer {
    /// `None` once it has ended.
    body: Option<Incoming>,
    _place: OwnedSemaphorePermit,
}

impl Answer {
    /// The body of an answer, in the place of a call.
    pub fn new(body: Incoming, place: OwnedSemaphorePermit) -> Self {
        Self { body: Some(body), _place: place }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(body) = self.body.as_mut() else { return Poll::Ready(None) };
        match std::task::ready!(Pin::new(body).poll_frame(context)) {
            Some(Err(error)) => {
                self.body = None;
                let mut trailers = HeaderMap::new();
                Status::from(broken(&error)).add_header(&mut trailers)?;
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
            frame => {
                Poll::Ready(frame.map(|frame| frame.map_err(|error| Status::internal(error.to_string()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map(Body::size_hint).unwrap_or_default()
    }
}
