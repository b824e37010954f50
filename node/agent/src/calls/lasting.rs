//! Answers that go on for as long as their caller wants: bounded in number, and in what waits for a caller that does not
//! read.

use std::pin::Pin;
use std::task::{Context, Poll};

use corten_api::error::ApiError;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_stream::Stream;
use tonic::{Code, Status};

use super::Sent;

/// Streams of lines and events at a time, of all callers. Each costs up to 100 KiB while its caller does not read.
static STREAMS: Semaphore = Semaphore::const_new(256);
/// Readers of the audit log at a time: what each has not read yet is in memory.
static AUDITS: Semaphore = Semaphore::const_new(4);
/// Messages that go into one frame, of those that are there at once. What is in a frame waits in memory twice.
const FRAME: usize = 32;

/// What is read without an end in sight.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// Lines and events.
    News,
    /// The audit log.
    Audit,
}

/// One more stream, if there may be one.
pub fn turn(what: What) -> Result<SemaphorePermit<'static>, Status> {
    let (turns, name) = match what {
        What::News => (&STREAMS, "streams of lines and events"),
        What::Audit => (&AUDITS, "streams of the audit log"),
    };
    turns.try_acquire().map_err(|_| {
        let cause = format!("the node has as many {name} under way as it takes");
        ApiError::new(Code::ResourceExhausted, cause, "end one of them, or try again in a moment").into()
    })
}

/// Sends what a stream gives, for as long as its caller wants.
pub fn send<T: Send + 'static>(
    stream: impl Stream<Item = T> + Send + 'static,
    turn: SemaphorePermit<'static>,
) -> Sent<T> {
    Box::pin(Lasting { stream: Box::pin(stream), at_once: 0, _turn: turn })
}

struct Lasting<T> {
    stream: Pin<Box<dyn Stream<Item = T> + Send>>,
    /// Messages since it last waited.
    at_once: usize,
    _turn: SemaphorePermit<'static>,
}

impl<T> Stream for Lasting<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // What waits is sent, so this ends a frame.
        if self.at_once == FRAME {
            self.at_once = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.stream.as_mut().poll_next(context);
        self.at_once = if next.is_pending() { 0 } else { self.at_once + 1 };
        next.map(|next| next.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use tokio_stream::StreamExt as _;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn everything_is_sent_and_a_turn_ends_with_its_stream() {
        let free = AUDITS.available_permits();
        let numbers: Vec<usize> = (0..3 * FRAME + 5).collect();
        let sent = send(tokio_stream::iter(numbers.clone()), turn(What::Audit).expect("there is one"));
        let others: Vec<_> = std::iter::from_fn(|| turn(What::Audit).ok()).collect();
        assert_eq!(others.len(), free - 1);
        let refused = turn(What::Audit).expect_err("all are taken");
        assert_eq!(refused.code(), Code::ResourceExhausted);
        let got: Vec<usize> = sent.map(|sent| sent.expect("nothing fails")).collect().await;
        assert_eq!(got, numbers);
        assert!(turn(What::Audit).is_ok(), "it has ended");
    }
}
