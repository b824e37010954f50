//! Days and minutes of the Gregorian calendar in UTC, as plain numbers.
//!
//! Days are counted as Howard Hinnant's `days_from_civil` does: years begin in March, so that the day which leap years
//! have more is their last one.

/// A minute of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CivilMinute {
    /// Year; 2026.
    pub year: i64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute, 0 to 59.
    pub minute: u8,
}

/// Days of 400 years, after which the calendar repeats itself, weekdays included.
const ERA: i64 = 146_097;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Seconds of a day, all of which are equally long in the time of Unix.
const DAY: i64 = 86_400;

impl CivilMinute {
    /// The minute that a time lies in, seconds since 1970-01-01.
    pub fn of_unix(seconds: i64) -> Self {
        let shifted = seconds.div_euclid(DAY) + EPOCH;
        let (era, day) = (shifted.div_euclid(ERA), shifted.rem_euclid(ERA));
        let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day_of_month = day - (153 * month + 2) / 5 + 1;
        let minute = seconds.rem_euclid(DAY) / 60;
        Self {
            year: era * 400 + year + i64::from(month >= 10),
            month: (if month < 10 { month + 3 } else { month - 9 }) as u8,
            day: day_of_month as u8,
            hour: (minute / 60) as u8,
            minute: (minute % 60) as u8,
        }
    }

    /// The first second of the minute, since 1970-01-01; the last one that there is for what lies behind it.
    pub fn unix(self) -> i64 {
        let seconds = i64::from(self.hour) * 3600 + i64::from(self.minute) * 60;
        self.days().saturating_mul(DAY).saturating_add(seconds)
    }

    /// Days since 1970-01-01.
    fn days(self) -> i64 {
        let shifted = self.year.saturating_sub(i64::from(self.month <= 2));
        let (era, year) = (shifted.div_euclid(400), shifted.rem_euclid(400));
        let month = i64::from(self.month) + if self.month > 2 { -3 } else { 9 };
        let day = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        era.saturating_mul(ERA).saturating_add(year * 365 + year / 4 - year / 100 + day - EPOCH)
    }

    /// Day of the week, from 0 for Sunday. 1970-01-01 was a Thursday.
    pub(super) fn weekday(self) -> u8 {
        (self.days().rem_euclid(7) + 4).rem_euclid(7) as u8
    }

    /// The first minute of the next month.
    pub(super) fn next_month(self) -> Self {
        let (year, month) =
            if self.month < 12 { (self.year, self.month + 1) } else { (self.year.saturating_add(1), 1) };
        Self { year, month, day: 1, hour: 0, minute: 0 }
    }
}

/// Days of a month.
pub(super) fn month_length(year: i64, month: u8) -> u8 {
    let is_leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
