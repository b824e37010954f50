//! When jobs run: the five fields of crontab(5), in UTC.
//!
//! Pure: the time is passed in, and the next one is told. As in Vixie's cron a day fits if the day of the month or the
//! weekday does, where both are restricted; a field that begins with a star restricts nothing by this rule, so that
//! `*/2` there and a weekday have to fit both.

mod civil;
mod field;
#[cfg(test)]
mod tests;

use std::str::FromStr;

pub use civil::CivilMinute;
use civil::month_length;
use corten_document::BadValue;
use field::FIELDS;

use super::form::{Checked, Form};

/// When a job runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Schedule {
    text: String,
    /// One bit for each minute, hour, day, month and weekday, Sunday being bit 0 alone.
    bits: [u64; 5],
    days: Days,
}

/// How the day of the month and the weekday go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Days {
    /// Both have to fit.
    Both,
    /// One of them is enough.
    Either,
}

/// Words for whole schedules, with what they stand for.
const WORDS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Months in which every day that there is comes once on every weekday that it can be: the calendar repeats itself
/// after 400 years.
const MONTHS: usize = 400 * 12;

impl Schedule {
    /// The schedule as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first minute after this one in which the job runs. Every schedule has one.
    pub fn next_after(&self, time: CivilMinute) -> Option<CivilMinute> {
        let same_day = self.fits_day(time).then(|| self.time_after(time)).flatten();
        if same_day.is_some() {
            return same_day;
        }
        let mut from = CivilMinute { day: time.day.saturating_add(1), hour: 0, minute: 0, ..time };
        for _ in 0..=MONTHS {
            if let Some(day) = self.day_from(from) {
                let (hour, minute) = (self.bits[1].trailing_zeros(), self.bits[0].trailing_zeros());
                return Some(CivilMinute { hour: hour as u8, minute: minute as u8, ..day });
            }
            from = from.next_month();
        }
        None
    }

    /// The same in seconds since 1970-01-01, the time being somewhere in its minute.
    pub fn next_after_unix(&self, seconds: i64) -> Option<i64> {
        self.next_after(CivilMinute::of_unix(seconds)).map(CivilMinute::unix).filter(|next| *next > seconds)
    }

    /// Whether the job runs in this minute.
    pub fn fits(&self, time: CivilMinute) -> bool {
        has(self.bits[0], time.minute) && has(self.bits[1], time.hour) && self.fits_day(time)
    }

    /// Whether there is a day that fits at all. A day of a month comes on every weekday within 400 years, that which leap
    /// years have more as well.
    fn comes(&self) -> bool {
        let [_, _, days, months, _] = self.bits;
        let leap_year = 2000;
        self.days == Days::Either
            || (1..=12).any(|month| {
                has(months, month) && (1..=month_length(leap_year, month)).any(|day| has(days, day))
            })
    }

    /// The first day that fits, from this one to the end of its month.
    fn day_from(&self, from: CivilMinute) -> Option<CivilMinute> {
        if !has(self.bits[3], from.month) {
            return None;
        }
        let days = from.day..=month_length(from.year, from.month);
        days.map(|day| CivilMinute { day, ..from }).find(|time| self.fits_day(*time))
    }

    fn fits_day(&self, time: CivilMinute) -> bool {
        let [_, _, days, months, weekdays] = self.bits;
        let (day, weekday) = (has(days, time.day), has(weekdays, time.weekday()));
        has(months, time.month)
            && match self.days {
                Days::Both => day && weekday,
                Days::Either => day || weekday,
            }
    }

    /// The next time of the same day.
    fn time_after(&self, time: CivilMinute) -> Option<CivilMinute> {
        let minutes = (time.minute.saturating_add(1)..60).map(|minute| (time.hour, minute));
        let later = (time.hour.saturating_add(1)..24).map(|hour| (hour, self.bits[0].trailing_zeros() as u8));
        let hours = minutes.chain(later);
        hours
            .map(|(hour, minute)| CivilMinute { hour, minute, ..time })
            .find(|time| has(self.bits[1], time.hour) && has(self.bits[0], time.minute))
    }
}

fn has(bits: u64, number: u8) -> bool {
    bits.checked_shr(u32::from(number)).is_some_and(|bits| bits & 1 == 1)
}

impl FromStr for Schedule {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        CronForm::read(text)
    }
}

/// The form of a [`Cron`].
#[derive(Debug)]
pub enum CronForm {}

/// A schedule in the form of crontab(5): `0 3 * * *`, or `@daily`.
pub type Cron = Checked<CronForm>;

/// Longest schedule, bytes. One that lists every number of every field is shorter.
const LONGEST: usize = 512;

impl Form for CronForm {
    const NAME: &'static str = "Schedule";
    const PATTERN: &'static str = "^(@[a-z]+| *[^ ]+( +[^ ]+){4} *)$";
    type Value = Schedule;

    fn read(text: &str) -> Result<Schedule, BadValue> {
        const EXPECTED: &str = "the five fields of cron, for example `0 3 * * *`, or `@hourly` to `@yearly`";
        let because = |why: String| BadValue::new(format!("{EXPECTED}; {why}"));
        if text.starts_with('@') {
            let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
            let known = WORDS.iter().find(|(word, _)| *word == text);
            let Some((_, fields)) = known else { return Err(BadValue::not_among(text, &words)) };
            return Ok(Schedule { text: text.to_owned(), ..Self::read(fields)? });
        }
        if text.len() > LONGEST || text.bytes().any(|byte| !byte.is_ascii_graphic() && byte != b' ') {
            return Err(BadValue::new(EXPECTED));
        }
        let parts: Vec<&str> = text.split(' ').filter(|part| !part.is_empty()).collect();
        if parts.len() != FIELDS.len() {
            return Err(because(format!("this has {}", parts.len())));
        }
        let mut bits = [0; 5];
        for ((field, part), bits) in FIELDS.iter().zip(&parts).zip(&mut bits) {
            *bits = field.read(part).ok_or_else(|| {
                let (low, high) = field.range;
                because(format!("the {} `{part}` is not one of {low} to {high}", field.noun))
            })?;
        }
        bits[4] = (bits[4] | bits[4] >> 7) & 0x7f;
        let is_star = |part: usize| parts[part].starts_with('*');
        let days = if is_star(2) || is_star(4) { Days::Both } else { Days::Either };
        let schedule = Schedule { text: text.to_owned(), bits, days };
        if schedule.comes() { Ok(schedule) } else { Err(because("this day never comes".to_owned())) }
    }
}
