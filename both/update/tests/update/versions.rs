//! The order of versions against `systemd-analyze compare-versions`.

use std::cmp::Ordering;

use corten_update::compare_versions;
use proptest::prelude::*;

use crate::tool;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9a-cA-C~^._-]{1,8}", "[01](\\.[019]{1,3}){0,3}(-[a-z0-9]{1,3})?"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn systemd_compares_alike(mut left in text(), mut right in text()) {
        let Some(mut systemd) = tool::find("systemd-analyze") else { return Ok(()) };
        // What starts with a minus would be an option of the program.
        (left, right) = (format!("v{left}"), format!("v{right}"));
        // The program exits with 11 or 12 where they differ.
        let (_, said) = tool::try_run(systemd.args(["compare-versions", &left, &right]));
        let sign = match compare_versions(&left, &right) {
            Ordering::Less => "<",
            Ordering::Equal => "==",
            Ordering::Greater => ">",
        };
        // Beside that line, newer ones warn of characters that they take for separators.
        let expected = format!("{left} {sign} {right}");
        prop_assert!(said.lines().any(|line| line == expected), "{said:?}, expected {expected:?}");
    }
}
