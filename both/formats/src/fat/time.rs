//! FAT's date and time, which count from 1980 in steps of two seconds. They are taken as UTC.

/// A moment as a directory entry stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    pub(super) date: u16,
    pub(super) time: u16,
}

/// 1980-01-01 and 2107-12-31 23:59:58, seconds since 1970: what the format can hold.
const FIRST: u64 = 315_532_800;
const LAST: u64 = 4_354_819_198;

impl Timestamp {
    /// The moment of that many seconds since 1970, UTC, moved into the years 1980 to 2107 and rounded down to two
    /// seconds.
    pub fn from_unix(seconds: u64) -> Self {
        let seconds = seconds.clamp(FIRST, LAST);
        let (year, month, day) = civil(seconds / 86_400);
        let of_day = seconds % 86_400;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        Self {
            date: ((year - 1980) << 9 | month << 5 | day) as u16,
            time: (hour << 11 | minute << 5 | (second / 2)) as u16,
        }
    }

    /// Year, month, day, hour, minute, second; not checked, so a foreign volume may give month 15.
    pub fn fields(self) -> [u16; 6] {
        let Self { date, time } = self;
        [1980 + (date >> 9), date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2]
    }
}

/// Year, month and day of a day counted from 1970, in the proleptic Gregorian calendar. The year begins in March
/// inside, so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}
