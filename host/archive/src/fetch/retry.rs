//! Small files without a known hash, `InRelease` for example: read as a whole, tried again when that can help.

use std::io::Read;

use super::{Effort, FetchError};
use crate::event::{Event, Events};
use crate::transport::{Transport, TransportError};

/// Largest file that is read without a known size.
const MAX_SIZE: u64 = 16 << 20;

/// The pause after this failure, counted from 1.
pub fn pause(effort: &Effort, failure: u32) -> std::time::Duration {
    effort.pause.saturating_mul(1 << (failure - 1).min(6))
}

/// Reads a file; `None` where there is none.
pub fn read(
    transport: &Transport,
    url: &str,
    effort: &Effort,
    events: Events<'_>,
) -> Result<Option<Vec<u8>>, FetchError> {
    let mut attempt = 1;
    loop {
        let error = match read_once(transport, url) {
            Ok(bytes) => return Ok(Some(bytes)),
            Err(TransportError::NotFound) => return Ok(None),
            Err(error) => error,
        };
        if !error.is_transient() || attempt >= effort.attempts {
            return Err(FetchError::Transport { url: url.to_owned(), attempts: attempt, source: error });
        }
        events(Event::DownloadRetried { name: url.to_owned(), attempt, why: error.to_string() });
        std::thread::sleep(pause(effort, attempt));
        attempt += 1;
    }
}

fn read_once(transport: &Transport, url: &str) -> Result<Vec<u8>, TransportError> {
    let answer = transport.get(url, 0)?;
    let mut bytes = Vec::new();
    let broken = |error: std::io::Error| TransportError::Connection(error.to_string());
    answer.body.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(TransportError::Connection(format!("the file has more than {MAX_SIZE} bytes")));
    }
    match answer.size {
        Some(size) if size != bytes.len() as u64 => {
            Err(TransportError::Connection(format!("the answer ends after {} of {size} bytes", bytes.len())))
        }
        _ => Ok(bytes),
    }
}
