//! Layers, a few at a time, each on a thread that reads a piece and then writes it. What comes of one layer is of one
//! source, or nobody could be blamed for it: a download that breaks goes on where it broke at the same source, and begins
//! anew at the next one.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use corten_oci::digest::{Digest, Hasher};

use super::pace::Pace;
use crate::failure::{Class, Failure};
use crate::http::Answer;
use crate::limits::{LAYERS_AT_A_TIME, MAX_PIECE};
use crate::output::Output;
use crate::protocol::{Header, Then};
use crate::registry::{Fault, Registry, Source, Standing, Tries};

/// A layer that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub digest: Digest,
    pub size: u64,
}

/// Fetches all of them, or says why not.
pub(super) fn fetch(registry: &Registry, wanted: &[Wanted], output: &Output) -> Result<(), Failure> {
    let queue = Mutex::new(wanted.iter().copied().collect::<VecDeque<_>>());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let work = || {
        while let Some(layer) = next() {
            if let Err(failure) = layer_from_anybody(registry, layer, output) {
                // Said at once: the others may be waiting for bytes, which ends with their connections.
                let _ = output.last(&Header::Failed(failure.clone()));
                registry.shut_down();
                return Err(failure);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..LAYERS_AT_A_TIME.min(wanted.len())).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(Failure::new(Class::Protocol, "a layer's thread broke off")))
        });
        ended.collect::<Vec<_>>().into_iter().collect()
    })
}

fn layer_from_anybody(registry: &Registry, layer: Wanted, output: &Output) -> Result<(), Failure> {
    let sources = registry.sources();
    let mut failure = Failure::new(Class::Lies, "nobody is left who tells the truth");
    for (at, source) in sources.iter().enumerate() {
        let is_last = at + 1 == sources.len();
        let patience = registry.patience();
        let tries = Tries::new(if is_last { patience } else { patience.short() });
        let mut download = Download { registry, source, layer, output, hasher: None, position: 0 };
        let fault = match download.run(tries) {
            Ok(()) => {
                source.note(Standing::Good);
                return Ok(output.event(&Header::Complete { digest: layer.digest })?);
            }
            Err(fault) => fault,
        };
        source.note_fault(&fault);
        if !is_last {
            output.trouble(source.place(), &fault.failure, Then::Elsewhere)?;
            if download.position > 0 {
                output.event(&Header::Restart { digest: layer.digest })?;
            }
        }
        if source.is_own() || sources.len() == 1 {
            failure = fault.failure.at(source.place());
        }
    }
    Err(failure)
}

/// A layer on its way from one source.
struct Download<'a> {
    registry: &'a Registry,
    source: &'a Source,
    layer: Wanted,
    output: &'a Output,
    hasher: Option<Hasher>,
    /// Bytes that were handed over.
    position: u64,
}

impl Download<'_> {
    fn run(&mut self, mut tries: Tries) -> Result<(), Fault> {
        loop {
            let before = self.position;
            let fault = match self.stretch() {
                Ok(()) => return Ok(()),
                Err(fault) => fault,
            };
            if self.position > before {
                tries.got_further();
            }
            let Some(pause) = fault.again.asked().and_then(|asked| tries.pause(asked)) else {
                return Err(fault);
            };
            self.output.pause(self.source.place(), &fault.failure, pause).map_err(Failure::from)?;
        }
    }

    /// From where we are as far as it goes.
    fn stretch(&mut self) -> Result<(), Fault> {
        let Wanted { digest, size } = self.layer;
        let lies = |message: String| Fault::never(Class::Lies, message);
        let mut hasher = self.hasher.take().unwrap_or_else(|| Hasher::new(digest.algorithm()));
        let result = self.pieces(&mut hasher);
        if result.is_ok() {
            let found = hasher.finish();
            return if found == digest {
                Ok(())
            } else {
                Err(lies(format!("{digest} is in truth {found}, of {size} bytes")))
            };
        }
        self.hasher = Some(hasher);
        result
    }

    fn pieces(&mut self, hasher: &mut Hasher) -> Result<(), Fault> {
        let Wanted { digest, size } = self.layer;
        if self.position == size && size > 0 {
            return Ok(());
        }
        let mut answer = self.registry.stream(self.source, digest, self.position)?;
        let mut skip = self.position - self.start(&answer)?;
        let mut pace = Pace::new(self.registry.stall());
        let mut piece = vec![0; MAX_PIECE];
        loop {
            let left = size - self.position + skip;
            let most = left.min(MAX_PIECE as u64) as usize;
            if most == 0 {
                break;
            }
            let began = Instant::now();
            let count = answer.body.read(&mut piece[..most])?;
            let waited = began.elapsed();
            if count == 0 {
                return Err(Fault::later(Class::Unreachable, "the content ends before its end"));
            }
            let skipped = skip.min(count as u64);
            skip -= skipped;
            self.hand_over(hasher, &piece[skipped as usize..count])?;
            if !pace.is_moving(count, waited) {
                return Err(Fault::later(Class::Unreachable, "the content comes too slowly"));
            }
        }
        if answer.body.read(&mut piece[..1])? > 0 {
            return Err(Fault::never(
                Class::Lies,
                format!("{digest} has more than the {size} bytes that it should have"),
            ));
        }
        Ok(())
    }

    /// First byte of the content in an answer.
    fn start(&self, answer: &Answer) -> Result<u64, Fault> {
        let Wanted { digest, size } = self.layer;
        let other_size = |found: u64| {
            Fault::never(
                Class::Lies,
                format!("{digest} has {found} bytes instead of the {size} that it should have"),
            )
        };
        if answer.status == 200 {
            return answer
                .length()
                .filter(|length| *length != size)
                .map_or(Ok(0), |found| Err(other_size(found)));
        }
        let (start, whole) = answer
            .range()
            .ok_or_else(|| Fault::never(Class::Protocol, "a part of which nobody says which one it is"))?;
        match whole.filter(|whole| *whole != size) {
            Some(found) => Err(other_size(found)),
            None if start > self.position => {
                Err(Fault::never(Class::Protocol, "a part that begins behind where it should"))
            }
            None => Ok(start),
        }
    }

    fn hand_over(&mut self, hasher: &mut Hasher, bytes: &[u8]) -> Result<(), Fault> {
        if bytes.is_empty() {
            return Ok(());
        }
        hasher.update(bytes);
        let digest = self.layer.digest;
        let header = Header::Data { digest, offset: self.position, length: bytes.len() as u32 };
        self.output.write(&header, bytes).map_err(Failure::from)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}
