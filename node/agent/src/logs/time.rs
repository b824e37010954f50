//! Moments as people and log collectors read them: RFC 3339, in UTC.

/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// `2026-11-28T07:36:21.000123Z` for nanoseconds since 1970; microseconds are what RFC 5424 takes at most.
pub fn rfc3339(ns: i64) -> String {
    let seconds = ns.div_euclid(1_000_000_000);
    let micros = ns.rem_euclid(1_000_000_000) / 1000;
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Year, month and day of a number of days since 1970. Years begin in March here, so that the odd day is the last one.
fn civil(days: i64) -> (i64, i64, i64) {
    // Days since the first of March of year 0.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + carry, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_as_the_calendar_says() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(951_782_400_000_000_000), "2000-02-29T00:00:00.000000Z");
        assert_eq!(rfc3339(1_795_851_381_000_123_999), "2026-11-28T07:36:21.000123Z");
        assert_eq!(rfc3339(-1000), "1969-12-31T23:59:59.999999Z");
    }

    proptest! {
        #[test]
        fn any_moment_has_a_text_and_later_ones_sort_later(a in 0_i64.., b in 0_i64..) {
            prop_assert_eq!(rfc3339(a).len(), 27);
            let (a, b) = (a.min(b) / 1000 * 1000, a.max(b) / 1000 * 1000);
            prop_assert!((a < b) == (rfc3339(a) < rfc3339(b)));
        }
    }
}
