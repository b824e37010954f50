//! Version numbers of Debian packages and their order, as deb-version(7) defines them.

use std::cmp::Ordering;
use std::fmt;

/// Longest version that is read, bytes. The longest of the archive have about 70.
const MAX_LENGTH: usize = 512;

/// A version: `[epoch:]upstream[-revision]`.
///
/// Two versions that are written differently can be equal: `1.0` is `0:1.0-0`.
#[derive(Clone, Debug)]
pub struct Version {
    text: String,
    epoch: u32,
}

/// Why a text is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version: {why}")]
pub struct VersionError {
    /// What was read, shortened.
    pub text: String,
    /// The rule that it breaks.
    pub why: &'static str,
}

impl Version {
    /// Reads a version.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let fail = |why| Err(VersionError { text: text.chars().take(80).collect(), why });
        if text.is_empty() {
            return fail("it is empty");
        }
        if text.len() > MAX_LENGTH {
            return fail("it has more than 512 bytes");
        }
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => {
                if epoch.is_empty() || !epoch.bytes().all(|b| b.is_ascii_digit()) {
                    return fail("the epoch before the colon is not a number");
                }
                match epoch.parse::<u32>() {
                    Ok(number) if i32::try_from(number).is_ok() => (number, rest),
                    _ => return fail("the epoch is above 2147483647"),
                }
            }
            None => (0, text),
        };
        let (upstream, revision) = split_revision(rest);
        if upstream.is_empty() {
            return fail("the upstream version is empty");
        }
        if rest.ends_with('-') {
            return fail("the revision after the hyphen is empty");
        }
        if !upstream.starts_with(|c: char| c.is_ascii_digit()) {
            return fail("the upstream version does not start with a digit");
        }
        if !upstream.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-~:".contains(&b)) {
            return fail("the upstream version has a character other than letters, digits and . + - ~ :");
        }
        if !revision.bytes().all(|b| b.is_ascii_alphanumeric() || b".+~".contains(&b)) {
            return fail("the revision has a character other than letters, digits and . + ~");
        }
        Ok(Self { text: text.to_owned(), epoch })
    }

    /// The version as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Upstream version and revision, the latter empty where there is none.
    fn parts(&self) -> (&str, &str) {
        let rest = self.text.split_once(':').map_or(self.text.as_str(), |(_, rest)| rest);
        split_revision(rest)
    }
}

fn split_revision(rest: &str) -> (&str, &str) {
    rest.rsplit_once('-').unwrap_or((rest, ""))
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let (upstream, revision) = self.parts();
        let (other_upstream, other_revision) = other.parts();
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| compare_part(upstream.as_bytes(), other_upstream.as_bytes()))
            .then_with(|| compare_part(revision.as_bytes(), other_revision.as_bytes()))
    }
}

/// Weight of a byte in a run of non-digits: `~` before the end, the end before letters, letters before the rest.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        None => 0,
        Some(b'~') => -1,
        Some(b) if b.is_ascii_digit() => 0,
        Some(b) if b.is_ascii_alphabetic() => i32::from(b),
        Some(b) => i32::from(b) + 256,
    }
}

/// Compares alternating runs of non-digits, by [`weight`], and digits, by value of any length.
fn compare_part(mut a: &[u8], mut b: &[u8]) -> Ordering {
    let is_text = |part: &[u8]| part.first().is_some_and(|byte| !byte.is_ascii_digit());
    while !a.is_empty() || !b.is_empty() {
        while is_text(a) || is_text(b) {
            let order = weight(a.first().copied()).cmp(&weight(b.first().copied()));
            if order != Ordering::Equal {
                return order;
            }
            a = a.get(1..).unwrap_or_default();
            b = b.get(1..).unwrap_or_default();
        }
        let (a_digits, a_rest) = number(a);
        let (b_digits, b_rest) = number(b);
        let order = a_digits.len().cmp(&b_digits.len()).then_with(|| a_digits.cmp(b_digits));
        if order != Ordering::Equal {
            return order;
        }
        (a, b) = (a_rest, b_rest);
    }
    Ordering::Equal
}

/// The leading digits without leading zeros, and what follows them.
fn number(part: &[u8]) -> (&[u8], &[u8]) {
    let end = part.iter().position(|b| !b.is_ascii_digit()).unwrap_or(part.len());
    let (digits, rest) = part.split_at(end);
    let zeros = digits.iter().position(|b| *b != b'0').unwrap_or(digits.len());
    (&digits[zeros..], rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(text: &str) -> Version {
        Version::parse(text).expect("a version")
    }

    #[test]
    fn versions_are_ordered_as_the_manual_says() {
        let ascending = [
            "1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-1+b1", "1.0a", "1.0+b", "1.0.1", "1.9", "1.10",
            "1:0.1",
        ];
        for pair in ascending.windows(2) {
            assert!(v(pair[0]) < v(pair[1]), "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn versions_written_differently_can_be_equal() {
        for (a, b) in [("1.0", "0:1.0"), ("1.0", "1.0-0"), ("1.0", "1.00"), ("1.0-01", "1.0-1")] {
            assert_eq!(v(a), v(b));
        }
    }

    #[test]
    fn what_is_not_a_version_is_refused_with_the_reason() {
        let reasons: Vec<String> = ["", "a", "x:1", "9999999999:1", "1-", ":1", "1_0", "1 0", "1-0_1"]
            .into_iter()
            .map(|text| Version::parse(text).expect_err("no version").to_string())
            .collect();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        "" is not a version: it is empty
        "a" is not a version: the upstream version does not start with a digit
        "x:1" is not a version: the epoch before the colon is not a number
        "9999999999:1" is not a version: the epoch is above 2147483647
        "1-" is not a version: the revision after the hyphen is empty
        ":1" is not a version: the epoch before the colon is not a number
        "1_0" is not a version: the upstream version has a character other than letters, digits and . + - ~ :
        "1 0" is not a version: the upstream version has a character other than letters, digits and . + - ~ :
        "1-0_1" is not a version: the revision has a character other than letters, digits and . + ~
        "#);
    }
}
