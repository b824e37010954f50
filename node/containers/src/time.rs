//! Moments as texts and as numbers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Nanoseconds since 1970.
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Nanoseconds since 1970 of a text of RFC 3339; 0 for none and for what is none.
pub fn parse(text: Option<&str>) -> i64 {
    let moment = text.and_then(|text| text.parse::<Timestamp>().ok());
    moment.and_then(|moment| i64::try_from(moment.as_nanosecond()).ok()).unwrap_or(0)
}

/// RFC 3339 of a moment that is so far from now.
pub fn in_future(after: Duration) -> String {
    let moment = Timestamp::now().checked_add(after).unwrap_or(Timestamp::MAX);
    format!("{moment:.0}")
}
