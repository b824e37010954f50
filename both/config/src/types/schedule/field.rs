//! One field of a schedule: stars, numbers, names, ranges, steps and lists of them.

/// What one of the five fields is about.
#[derive(Clone, Copy)]
pub(super) struct Field {
    /// What messages call it.
    pub(super) noun: &'static str,
    /// Smallest and largest number.
    pub(super) range: (u8, u8),
    /// Names of the numbers from [`first`](Self::first) on.
    names: &'static [&'static str],
    /// The number of the first name.
    first: u8,
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The fields in their order.
pub(super) const FIELDS: [Field; 5] = [
    Field { noun: "minute", range: (0, 59), names: &[], first: 0 },
    Field { noun: "hour", range: (0, 23), names: &[], first: 0 },
    Field { noun: "day", range: (1, 31), names: &[], first: 0 },
    Field { noun: "month", range: (1, 12), names: &MONTHS, first: 1 },
    // Sunday is 0 as well as 7.
    Field { noun: "weekday", range: (0, 7), names: &WEEKDAYS, first: 0 },
];

impl Field {
    /// One bit for each number that a text stands for; `None` where it is not of this field.
    pub(super) fn read(self, text: &str) -> Option<u64> {
        text.split(',').try_fold(0, |bits, part| Some(bits | self.part(part)?))
    }

    fn part(self, text: &str) -> Option<u64> {
        let (span, step) = match text.split_once('/') {
            Some((span, step)) => (span, Some(number(step).filter(|step| *step > 0)?)),
            None => (text, None),
        };
        let (low, high) = match span.split_once('-') {
            _ if span == "*" => self.range,
            Some((low, high)) => (self.value(low)?, self.value(high)?),
            // A step from one number to itself is a mistake.
            None if step.is_some() => return None,
            None => (self.value(span)?, self.value(span)?),
        };
        let step = usize::from(step.unwrap_or(1));
        (low <= high).then(|| (low..=high).step_by(step).fold(0, |bits, value| bits | 1 << value))
    }

    fn value(self, text: &str) -> Option<u8> {
        let (low, high) = self.range;
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        named
            .map(|at| self.first + at as u8)
            .or_else(|| number(text))
            .filter(|value| (low..=high).contains(value))
    }
}

fn number(text: &str) -> Option<u8> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
