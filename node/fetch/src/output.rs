//! What the child says. Writing waits until the parent has read, so nothing is kept in memory; all threads write here, one
//! frame at a time.

use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::{Class, Failure};
use crate::protocol::{DocumentKind, Header, Then, Trouble, encode};
use crate::registry::Content;

/// The parent listens no more, or was told the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parent does not listen any more")]
pub struct Closed;

impl From<Closed> for Failure {
    /// Of no use but to get out of where one is: nobody will read it.
    fn from(closed: Closed) -> Self {
        Self::new(Class::Protocol, closed.to_string())
    }
}

enum State {
    Open(Box<dyn Write + Send>),
    /// The last line is written.
    Ended,
    /// It could not be written.
    Broken,
}

/// Where frames go.
pub struct Output {
    state: Mutex<State>,
    /// Rung when the state is no longer open.
    closed: Condvar,
}

impl Output {
    /// Frames go there.
    pub fn new(inner: Box<dyn Write + Send>) -> Self {
        Self { state: Mutex::new(State::Open(inner)), closed: Condvar::new() }
    }

    /// A line without bytes.
    pub fn event(&self, header: &Header) -> Result<(), Closed> {
        self.write(header, &[])
    }

    /// A document.
    pub fn document(&self, kind: DocumentKind, content: &Content) -> Result<(), Closed> {
        let length = content.bytes.len() as u32;
        self.write(&Header::Document { kind, digest: content.digest, length }, &content.bytes)
    }

    /// A line and the bytes that it announces.
    pub fn write(&self, header: &Header, bytes: &[u8]) -> Result<(), Closed> {
        let mut state = self.state();
        let State::Open(inner) = &mut *state else { return Err(Closed) };
        let written = inner.write_all(&encode(header)).and_then(|()| inner.write_all(bytes));
        if written.and_then(|()| inner.flush()).is_ok() {
            return Ok(());
        }
        *state = State::Broken;
        self.closed.notify_all();
        Err(Closed)
    }

    /// The last line. Whatever is said after it is not.
    pub fn last(&self, header: &Header) -> Result<(), Closed> {
        self.write(header, &[])?;
        let mut state = self.state();
        if matches!(*state, State::Open(_)) {
            *state = State::Ended;
            self.closed.notify_all();
        }
        Ok(())
    }

    /// Whether the last line is written.
    pub fn has_ended(&self) -> bool {
        matches!(*self.state(), State::Ended)
    }

    /// Says what failed and what is done about it.
    pub fn trouble(&self, place: &str, failure: &Failure, then: Then) -> Result<(), Closed> {
        self.event(&Header::Trouble(Trouble { place: place.to_owned(), failure: failure.clone(), then }))
    }

    /// Says what failed and waits before it is tried again; not longer than anybody listens.
    pub fn pause(&self, place: &str, failure: &Failure, pause: Duration) -> Result<(), Closed> {
        self.trouble(place, failure, Then::Again { after_ms: pause.as_millis() as u64 })?;
        let end = Instant::now() + pause;
        let mut state = self.state();
        while matches!(*state, State::Open(_)) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            state = self.closed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Closed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
