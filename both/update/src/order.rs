//! The order of version strings that the loader uses.
//!
//! Specification: UAPI Group, "Version Format Specification"; systemd's `strverscmp_improved` does the same. Both
//! strings are read from the front, one part after the other, until a part differs. `~` makes a string older than
//! its end, `-` older than `^`, `^` older than `.`, and all of them older than no separator at all; digits are newer
//! than letters; other characters only separate.

use std::cmp::Ordering;

/// Compares two version strings; what is newer is greater. Strings that differ may be equal: `1.01` and `1.1`.
pub fn compare_versions(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.as_bytes(), right.as_bytes());
    loop {
        (left, right) = (skip_others(left), skip_others(right));
        match (left.strip_prefix(b"~"), right.strip_prefix(b"~")) {
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (Some(l), Some(r)) => (left, right) = (l, r),
            (None, None) => {}
        }
        if left.is_empty() || right.is_empty() {
            return right.is_empty().cmp(&left.is_empty());
        }
        for separator in *b"-^." {
            match (left.strip_prefix(&[separator]), right.strip_prefix(&[separator])) {
                (Some(_), None) => return Ordering::Less,
                (None, Some(_)) => return Ordering::Greater,
                (Some(l), Some(r)) => (left, right) = (l, r),
                (None, None) => {}
            }
        }
        let is_digit = |text: &[u8]| text.first().is_some_and(u8::is_ascii_digit);
        let (ours, theirs);
        let order = if is_digit(left) || is_digit(right) {
            (ours, left) = split(left, u8::is_ascii_digit);
            (theirs, right) = split(right, u8::is_ascii_digit);
            numbers(ours, theirs)
        } else {
            (ours, left) = split(left, u8::is_ascii_alphabetic);
            (theirs, right) = split(right, u8::is_ascii_alphabetic);
            ours.cmp(theirs)
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Numbers of any length; no digits at all are older than any.
fn numbers(left: &[u8], right: &[u8]) -> Ordering {
    let value = |digits| split(digits, |digit| *digit == b'0').1;
    let (l, r) = (value(left), value(right));
    left.is_empty()
        .cmp(&right.is_empty())
        .reverse()
        .then_with(|| l.len().cmp(&r.len()))
        .then_with(|| l.cmp(r))
}

/// The bytes in front for which it holds, and the rest.
fn split(text: &[u8], holds: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !holds(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, &[]))
}

fn skip_others(text: &[u8]) -> &[u8] {
    split(text, |byte| !byte.is_ascii_alphanumeric() && !b"~-^.".contains(byte)).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The specification's examples, and those of the comment in systemd's source, oldest first.
    const ASCENDING: [&[&str]; 6] = [
        &[
            "122.1",
            "123~rc1-1",
            "123",
            "123-a",
            "123-a.1",
            "123-1",
            "123-1.1",
            "123^post1",
            "123.a-1",
            "123.1-1",
            "123a-1",
            "124-1",
        ],
        &["1.0~rc1", "1.0", "1.0^git1", "1.0.1", "1.1", "2", "10"],
        &["11~rc1", "11", "11.1", "11a", "12"],
        &["A", "B", "a", "ab", "abc", "1"],
        &["0.1.0.9", "0.1.0.10", "0.1.1.1", "0.2.0.1"],
        &["", "-", "^", ".", "a", "0"],
    ];

    /// Strings that differ and are the same version.
    const EQUAL: [(&str, &str); 7] = [
        ("11", "11"),
        ("1.01", "1.1"),
        ("123_aa2-67.89", "123aa+2-67.89"),
        ("00000000000000000000000000000000000000001", "1"),
        ("1_", "1"),
        ("systemd-123", "systemd-123"),
        ("é1", "1"),
    ];

    #[test]
    fn the_examples_of_the_specification_are_in_order() {
        for row in ASCENDING {
            for (at, older) in row.iter().enumerate() {
                assert_eq!(compare_versions(older, older), Ordering::Equal, "{older}");
                for newer in &row[at + 1..] {
                    assert_eq!(compare_versions(older, newer), Ordering::Less, "{older} {newer}");
                    assert_eq!(compare_versions(newer, older), Ordering::Greater, "{newer} {older}");
                }
            }
        }
        for (left, right) in EQUAL {
            assert_eq!(compare_versions(left, right), Ordering::Equal, "{left} {right}");
        }
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof!["[0-9a-cA-C~^._+-]{0,8}", "[01](\\.[019]{1,3}){0,3}", "\\PC{0,12}"]
    }

    proptest! {
        #[test]
        fn the_order_is_one(a in text(), b in text(), c in text()) {
            prop_assert_eq!(compare_versions(&a, &b), compare_versions(&b, &a).reverse());
            prop_assert_eq!(compare_versions(&a, &a), Ordering::Equal);
            let mut all = [&a, &b, &c];
            all.sort_by(|left, right| compare_versions(left, right));
            prop_assert!(compare_versions(all[0], all[2]) != Ordering::Greater);
        }

        #[test]
        fn a_higher_build_number_is_newer(version in "[0-9A-Za-z.-]{1,12}", build in 0..u64::MAX) {
            let (old, new) = (format!("{version}.{build}"), format!("{version}.{}", build + 1));
            prop_assert_eq!(compare_versions(&old, &new), Ordering::Less);
        }
    }
}
