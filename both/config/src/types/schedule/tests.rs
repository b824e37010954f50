//! Schedules against a calendar that is counted minute by minute, at its odd days and its ends.

use proptest::prelude::*;

use super::{CivilMinute, Schedule};

fn at(text: &str) -> CivilMinute {
    let numbers: Vec<i64> = text.split(['-', ' ', ':']).map(|part| part.parse().expect("a number")).collect();
    let [year, month, day, hour, minute] = numbers[..] else { panic!("{text}") };
    let [month, day, hour, minute] = [month, day, hour, minute].map(|number| number as u8);
    CivilMinute { year, month, day, hour, minute }
}

fn next(schedule: &str, after: &str) -> CivilMinute {
    let schedule: Schedule = schedule.parse().unwrap_or_else(|bad| panic!("{schedule}: {bad}"));
    schedule.next_after(at(after)).expect("every schedule has a next time")
}

#[test]
fn the_next_time_is_the_first_that_fits() {
    for (schedule, after, expected) in [
        ("0 3 * * *", "2026-11-28 02:59", "2026-11-28 03:00"),
        ("0 3 * * *", "2026-11-28 03:00", "2026-11-29 03:00"),
        ("*/15 * * * *", "2026-12-31 23:45", "2027-01-01 00:00"),
        ("5-59/20 9-17 * * mon-fri", "2026-11-27 17:45", "2026-11-30 09:05"),
        ("0 0 31 * *", "2026-11-01 00:00", "2026-12-31 00:00"),
        ("0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00"),
        ("0 0 29 feb *", "2096-02-29 00:00", "2104-02-29 00:00"),
        ("30 4 1,15 * 5", "2026-11-28 00:00", "2026-12-01 04:30"),
        ("30 4 1,15 * 5", "2026-12-01 04:30", "2026-12-04 04:30"),
        ("0 0 */2 * 1", "2026-11-28 00:00", "2026-12-07 00:00"),
        ("0 0 * * 7", "2026-11-28 00:00", "2026-11-29 00:00"),
        ("0 0 * * SUN", "2026-11-28 00:00", "2026-11-29 00:00"),
        ("0 0 * * 6-7", "2026-11-29 00:00", "2026-12-05 00:00"),
        ("@hourly", "2026-11-28 00:00", "2026-11-28 01:00"),
        ("@midnight", "2026-11-28 00:00", "2026-11-29 00:00"),
        ("@weekly", "2026-11-28 00:00", "2026-11-29 00:00"),
        ("@monthly", "2026-11-28 00:00", "2026-12-01 00:00"),
        ("@annually", "2026-11-28 00:00", "2027-01-01 00:00"),
    ] {
        assert_eq!(next(schedule, after), at(expected), "{schedule} after {after}");
    }
}

#[test]
fn what_is_no_schedule_is_refused_with_its_reason() {
    for (schedule, why) in [
        ("", "this has 0"),
        ("* * * *", "this has 4"),
        ("0 0 3 * * *", "this has 6"),
        ("60 * * * *", "the minute `60` is not one of 0 to 59"),
        ("* 24 * * *", "the hour `24`"),
        ("* * 0 * *", "the day `0`"),
        ("* * * 13 *", "the month `13`"),
        ("* * * * 8", "the weekday `8`"),
        ("* * * * monday", "the weekday `monday`"),
        ("5/15 * * * *", "the minute `5/15`"),
        ("*/0 * * * *", "the minute `*/0`"),
        ("20-10 * * * *", "the minute `20-10`"),
        ("1, * * * *", "the minute `1,`"),
        ("+1 * * * *", "the minute `+1`"),
        ("0 0 30 2 *", "this day never comes"),
        ("0 0 31 4,6,9,11 *", "this day never comes"),
        ("@reboot", "`@hourly`"),
    ] {
        let bad = schedule.parse::<Schedule>().expect_err(schedule);
        assert!(bad.expected.contains(why), "{schedule}: {}", bad.expected);
    }
}

#[test]
fn a_day_that_comes_seldom_is_found() {
    // Both have to fit, since the star restricts nothing: a 29th of February on a day of the week with an even number.
    let found = next("0 0 29 2 */2", "2026-01-01 00:00");
    assert_eq!((found.month, found.day, found.weekday() % 2), (2, 29, 0));
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let schedule: Schedule = "0 0 1 1 *".parse().expect("it is one");
    for seconds in [i64::MIN, i64::MAX, i64::MAX - 86_400, 0, -1] {
        let next = schedule.next_after_unix(seconds);
        assert!(next.is_none_or(|next| next > seconds), "{seconds} {next:?}");
    }
    assert_eq!(schedule.next_after_unix(-1), Some(0));
    assert_eq!(schedule.next_after_unix(59), Some(31_536_000));
}

fn field(range: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = String> {
    let (low, high) = (*range.start(), *range.end());
    prop_oneof![
        2 => Just("*".to_owned()),
        2 => range.clone().prop_map(|number| number.to_string()),
        1 => (range.clone(), range.clone()).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
        1 => (1..=high).prop_map(|step| format!("*/{step}")),
        1 => (range.clone(), range, 1..9_u8).prop_map(move |(a, b, step)| format!("{a},{}-{high}/{step}", b.max(low))),
    ]
}

prop_compose! {
    fn schedule()(
        minute in field(0..=59), hour in field(0..=23), day in field(1..=28), month in field(1..=12),
        weekday in field(0..=7),
    ) -> String {
        format!("{minute} {hour} {day} {month} {weekday}")
    }
}

proptest! {
    #[test]
    fn minutes_and_seconds_are_one_to_one(seconds in -100_000_000_000_i64..400_000_000_000) {
        let minute = CivilMinute::of_unix(seconds);
        prop_assert_eq!(minute.unix(), seconds - seconds.rem_euclid(60));
        prop_assert_eq!(CivilMinute::of_unix(minute.unix()), minute);
        let next = CivilMinute::of_unix(minute.unix() + 60);
        prop_assert!(next > minute);
    }

    #[test]
    fn the_next_time_fits_and_none_between_does(text in schedule(), seconds in 0_i64..4_000_000_000) {
        // Some restrict day and weekday to what only comes in years: those say the same by another test.
        let schedule: Schedule = text.parse().map_err(|_| TestCaseError::reject("a day that never comes"))?;
        let next = schedule.next_after_unix(seconds).expect("every schedule has a next time");
        prop_assert!(schedule.fits(CivilMinute::of_unix(next)));
        let first = seconds - seconds.rem_euclid(60) + 60;
        let last = next.min(first + 40 * 86_400);
        let between = (first..last).step_by(60).find(|time| schedule.fits(CivilMinute::of_unix(*time)));
        prop_assert_eq!(between, None);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9*/, @a-z]{0,24}") {
        if let Ok(schedule) = text.parse::<Schedule>() {
            prop_assert!(schedule.next_after_unix(0).is_some());
            prop_assert_eq!(schedule.as_str(), text);
        }
    }
}
