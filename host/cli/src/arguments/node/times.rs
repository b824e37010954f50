//! Times as they stand on the command line.

use std::time::Duration;

/// A duration: `90s`, `5m`, `1h30m`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let read = text.parse::<jiff::SignedDuration>().ok().and_then(|read| Duration::try_from(read).ok());
    read.ok_or_else(|| format!("{text:?} is no duration: expected 90s, 5m, 1h30m or the like"))
}

/// A time for a trial: what a node takes.
pub fn trial(text: &str) -> Result<Duration, String> {
    let read = duration(text)?;
    if (10..=3600).contains(&read.as_secs()) {
        Ok(read)
    } else {
        Err(format!("{text:?} is not between 10 s and 1 h"))
    }
}
