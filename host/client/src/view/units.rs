//! Sizes, durations and times as people read them.

use std::time::Duration;

/// A size: three digits and a unit, powers of 1024.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.5 would be shown as 1024.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.digits$} {}", UNITS[unit])
}

/// The same in five letters at most, for where there is little room.
pub fn short_size(bytes: u64) -> String {
    size(bytes).replace("iB", "").replace(' ', "")
}

/// A duration: its two largest units, or milliseconds. Short, and as the command line takes it.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let two = |more: u64, unit: &str, less: u64, smaller: &str| {
        if less == 0 { format!("{more}{unit}") } else { format!("{more}{unit}{less}{smaller}") }
    };
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..10 => format!("{:.1}s", (duration.as_millis() / 100) as f64 / 10.0),
        10..60 => format!("{seconds}s"),
        60..3600 => two(seconds / 60, "m", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// The same of milliseconds.
pub fn milliseconds(milliseconds: u64) -> String {
    duration(Duration::from_millis(milliseconds))
}

/// A moment of nanoseconds since 1970 in UTC to the millisecond, as RFC 3339 writes it; empty for 0, which is none.
pub fn time(ns: i64) -> String {
    if ns == 0 {
        return String::new();
    }
    let moment = jiff::Timestamp::from_nanosecond(i128::from(ns));
    moment.map_or_else(|_| format!("{ns} ns"), |moment| format!("{moment:.3}"))
}

/// A moment of seconds since 1970 in UTC; empty for 0.
pub fn second(seconds: i64) -> String {
    if seconds == 0 {
        return String::new();
    }
    jiff::Timestamp::from_second(seconds).map_or_else(|_| format!("{seconds} s"), |moment| moment.to_string())
}

/// Part of a whole in percent; empty where there is no whole.
pub fn percent(part: u64, whole: u64) -> String {
    share(part, whole).map(|share| format!("{share} %")).unwrap_or_default()
}

/// The same as a number.
pub fn share(part: u64, whole: u64) -> Option<u64> {
    (u128::from(part) * 100)
        .checked_div(u128::from(whole))
        .map(|share| u64::try_from(share).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sizes_have_three_digits() {
        let all = [0, 1023, 1024, 10_239, 10_240, 1_048_000, 1_048_576, 5 << 30, 1023 << 20, u64::MAX];
        let shown = all.map(size).join(", ");
        assert_eq!(
            shown,
            "0 B, 1023 B, 1.00 KiB, 10.0 KiB, 10.0 KiB, 1.00 MiB, 1.00 MiB, 5.00 GiB, 1.00 GiB, 16.0 EiB"
        );
    }

    #[test]
    fn durations_have_two_units() {
        let all = [0, 999, 1000, 9_900, 10_000, 60_000, 61_000, 3_600_000, 90_000_000, 86_400_000];
        let shown = all.map(milliseconds).join(", ");
        assert_eq!(shown, "0ms, 999ms, 1.0s, 9.9s, 10s, 1m, 1m1s, 1h, 1d1h, 1d");
    }

    #[test]
    fn times_are_in_utc() {
        assert_eq!(time(1_796_000_000_123_456_789), "2026-11-30T00:53:20.123Z");
        assert_eq!(second(1_796_000_000), "2026-11-30T00:53:20Z");
        assert_eq!((time(0), second(0)), (String::new(), String::new()));
    }

    proptest! {
        #[test]
        fn any_number_is_shown_in_few_letters(number: u64, signed: i64) {
            prop_assert!(size(number).len() <= 8, "{}", size(number));
            prop_assert!(short_size(number).len() <= 5, "{}", short_size(number));
            prop_assert!(milliseconds(number).len() <= 16);
            prop_assert!(!time(signed).is_empty() || signed == 0);
            prop_assert!(!second(signed).is_empty() || signed == 0);
            let whole = if number == 0 { "" } else { "100 %" };
            prop_assert_eq!(percent(number, number), whole);
        }
    }
}
