//! One file: asked for, resumed, measured and hashed while it comes.

use std::io::{ErrorKind, Read};

use super::retry::pause;
use super::{Effort, FetchError, Wanted};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::store::Store;
use crate::store::partial::{Claim, Partial};
use crate::transport::{Answer, Transport, TransportError};
use crate::verify::VerifyError;

/// Bytes that are read at once.
const BUFFER: usize = 128 << 10;

/// Progress is told after each of these many bytes.
const STEP: u64 = 1 << 20;

/// Fetches files.
pub struct Downloader<'a> {
    /// Where they go.
    pub store: &'a Store,
    /// Where they come from.
    pub transport: &'a Transport,
    /// How hard to try.
    pub effort: Effort,
    /// Who is told.
    pub events: Events<'a>,
}

/// A try that brings at least this part of the file is no failure. It bounds the number of tries, so that a server
/// can't keep a build waiting by a few bytes at a time.
const GOES_ON: u64 = 64;

/// Why one try did not bring the whole file.
enum Failure {
    /// Another try can help.
    Transient(FetchError),
    Final(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

impl Downloader<'_> {
    /// Fetches a file, unless the store has it.
    pub fn fetch(&self, wanted: &Wanted) -> Result<(), Error> {
        let mut partial = match self.store.claim(wanted.sha256)? {
            Claim::Complete => return Ok(()),
            Claim::Download(partial) => partial,
        };
        if partial.len() > wanted.size {
            partial.restart()?;
        }
        let (name, size) = (wanted.name.clone(), wanted.size);
        (self.events)(Event::DownloadStarted { name, size, resumed_at: partial.len() });
        let mut failures = 0;
        loop {
            let before = partial.len();
            let error = match self.attempt(wanted, &mut partial) {
                Ok(()) => break,
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Transient(error)) => error,
            };
            // A download that goes on is not failing, however often it is cut off.
            let goes_on = partial.len().saturating_sub(before) > wanted.size / GOES_ON;
            failures = if goes_on { 1 } else { failures + 1 };
            if failures >= self.effort.attempts {
                return Err(with_attempts(error, failures).into());
            }
            let name = wanted.name.clone();
            (self.events)(Event::DownloadRetried { name, attempt: failures, why: error.to_string() });
            std::thread::sleep(pause(&self.effort, failures));
        }
        partial.complete()?;
        (self.events)(Event::DownloadFinished { name: wanted.name.clone(), size: wanted.size });
        Ok(())
    }

    fn attempt(&self, wanted: &Wanted, partial: &mut Partial<'_>) -> Result<(), Failure> {
        let resumed = !partial.is_empty();
        let url = if partial.len() < wanted.size { self.receive(wanted, partial)? } else { String::new() };
        let found = partial.hash();
        if found == wanted.sha256 {
            return Ok(());
        }
        partial.restart()?;
        let (file, expected) = (named(wanted, &url), wanted.sha256.to_string());
        let error = VerifyError::Hash { file, found: found.to_string(), expected };
        if !resumed {
            return Err(error.into());
        }
        // The part that was there may be at fault; what comes now from the start on decides.
        let url = self.receive(wanted, partial)?;
        if partial.hash() == wanted.sha256 {
            Ok(())
        } else {
            let (file, found) = (named(wanted, &url), partial.hash().to_string());
            partial.restart()?;
            Err(VerifyError::Hash { file, found, expected: wanted.sha256.to_string() }.into())
        }
    }

    /// Receives what is missing. Returns the address that it came from.
    fn receive(&self, wanted: &Wanted, partial: &mut Partial<'_>) -> Result<String, Failure> {
        let (url, mut answer) = self.ask(wanted, partial)?;
        if let Some(found) = answer.size.filter(|size| *size != wanted.size) {
            let file = named(wanted, &url);
            return Err(VerifyError::Size { file, found, expected: wanted.size }.into());
        }
        if answer.start != partial.len() {
            partial.restart()?;
        }
        let mut buffer = vec![0; BUFFER];
        let mut told = partial.len();
        loop {
            let count = match answer.body.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if is_end(error.kind()) => break,
                Err(error) => {
                    let source = TransportError::Connection(error.to_string());
                    return Err(Failure::Transient(FetchError::Transport { url, attempts: 1, source }));
                }
            };
            let found = partial.len() + count as u64;
            if found > wanted.size {
                partial.restart()?;
                let file = named(wanted, &url);
                return Err(VerifyError::TooLong { file, expected: wanted.size }.into());
            }
            partial.append(&buffer[..count])?;
            if found - told >= STEP {
                told = found;
                let name = wanted.name.clone();
                (self.events)(Event::DownloadProgress { name, done: found, size: wanted.size });
            }
        }
        if partial.len() < wanted.size {
            let (found, expected) = (partial.len(), wanted.size);
            return Err(Failure::Transient(FetchError::Truncated { url, attempts: 1, found, expected }));
        }
        Ok(url)
    }

    /// Asks at one address after the other.
    fn ask(&self, wanted: &Wanted, partial: &mut Partial<'_>) -> Result<(String, Answer), Failure> {
        for url in &wanted.urls {
            let failed = |source| FetchError::Transport { url: url.clone(), attempts: 1, source };
            let answer = match self.transport.get(url, partial.len()) {
                // The server has less than is here: what is here can't be right.
                Err(TransportError::Range) => {
                    partial.restart()?;
                    self.transport.get(url, 0)
                }
                other => other,
            };
            match answer {
                // A server that answers from elsewhere than asked for is asked for all of it.
                Ok(answer) if answer.start != 0 && answer.start != partial.len() => {
                    partial.restart()?;
                    let broken =
                        TransportError::Connection("the answer starts at another byte than asked for".into());
                    return Err(Failure::Transient(failed(broken)));
                }
                Ok(answer) => return Ok((url.clone(), answer)),
                Err(TransportError::NotFound) => {}
                Err(error) if error.is_transient() => return Err(Failure::Transient(failed(error))),
                Err(error) => return Err(failed(error).into()),
            }
        }
        let name = wanted.name.clone();
        let url = wanted.urls.last().cloned().unwrap_or_default();
        Err(match wanted.version.clone() {
            Some(version) => FetchError::Gone { name, version }.into(),
            None => FetchError::NotFound { url }.into(),
        })
    }
}

/// A connection that ends, in one way or another, is an answer that is too short.
fn is_end(kind: ErrorKind) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(kind, UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// How a file is called in errors.
fn named(wanted: &Wanted, url: &str) -> String {
    if wanted.name == url || url.is_empty() {
        wanted.name.clone()
    } else {
        format!("{} ({url})", wanted.name)
    }
}

fn with_attempts(error: FetchError, attempts: u32) -> FetchError {
    match error {
        FetchError::Transport { url, source, .. } => FetchError::Transport { url, attempts, source },
        FetchError::Truncated { url, found, expected, .. } => {
            FetchError::Truncated { url, attempts, found, expected }
        }
        other => other,
    }
}
