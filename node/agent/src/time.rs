//! The clocks of the machine.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since 1970 by the machine's clock, which may be set at any moment.
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Seconds since 1970 by the same clock.
pub fn now_seconds() -> i64 {
    now_ns() / 1_000_000_000
}
