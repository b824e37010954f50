//! Whether a signed `Release` is the one that was asked for, and neither too old nor too new.

use corten_formats::deb::release::Release;
use jiff::Timestamp;

/// How far the clocks of an archive and of this host may differ, seconds. Longer than an ordinary drift, shorter
/// than anything that would hide a replay.
const CLOCK_TOLERANCE: i64 = 600;

/// What a `Release` file has to fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Suite that was asked for, by either of its names.
    pub suite: &'a str,
    /// Date of the release that a lock was made from; nothing older is accepted.
    pub not_before: Option<Timestamp>,
}

/// What is wrong with names or dates.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FreshnessError {
    /// Another suite under the name that was asked for.
    #[error("it is the release of {codename} ({suite}), but {wanted} was asked for")]
    Suite {
        /// Name for good.
        codename: String,
        /// Name by role.
        suite: String,
        /// What was asked for.
        wanted: String,
    },
    /// It may not be used any more.
    #[error(
        "it expired at {until} (Valid-Until); the mirror is out of date, or the clock of this host is wrong: {now}"
    )]
    Expired {
        /// Its end.
        until: Timestamp,
        /// Time on this host.
        now: Timestamp,
    },
    /// It was published after now.
    #[error("it is from the future: published at {date}; is the clock of this host right? it says {now}")]
    Future {
        /// When it was published.
        date: Timestamp,
        /// Time on this host.
        now: Timestamp,
    },
    /// It is older than the one that the lock was made from.
    #[error(
        "it was published at {date}, before the one that the lock was made from ({locked}): an old state is replayed"
    )]
    Replayed {
        /// When it was published.
        date: Timestamp,
        /// When that of the lock was published.
        locked: Timestamp,
    },
    /// A date outside the calendar.
    #[error("it has a date that is out of range: {0}")]
    Range(i64),
}

/// Checks names and dates.
pub fn check(release: &Release, expected: &Expected<'_>, now: Timestamp) -> Result<(), FreshnessError> {
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| FreshnessError::Range(seconds));
    if !release.is_named(expected.suite) {
        return Err(FreshnessError::Suite {
            codename: release.codename.clone(),
            suite: release.suite.clone(),
            wanted: expected.suite.to_owned(),
        });
    }
    let date = time(release.date)?;
    if release.date > now.as_second() + CLOCK_TOLERANCE {
        return Err(FreshnessError::Future { date, now });
    }
    if let Some(until) = release.valid_until.map(time).transpose()?
        && until < now
    {
        return Err(FreshnessError::Expired { until, now });
    }
    match expected.not_before {
        Some(locked) if date < locked => Err(FreshnessError::Replayed { date, locked }),
        _ => Ok(()),
    }
}
