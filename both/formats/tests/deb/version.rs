//! The order of versions is dpkg's.

use std::cmp::Ordering;

use corten_formats::deb::version::Version;
use proptest::prelude::*;

use crate::tool;

/// Versions that are near each other, so that every rule of the order decides some of the cases.
fn version() -> impl Strategy<Value = String> {
    let part = "[0-9]([0-9]{0,2}|[a-c.+~]{0,3}|0[01])([.~+][a-b0-9~]{1,2})?";
    (proptest::option::of("[0-2]"), part, proptest::option::of("[0-1a~+.]{1,4}")).prop_map(
        |(epoch, upstream, revision)| {
            let epoch = epoch.map(|epoch| format!("{epoch}:")).unwrap_or_default();
            let revision = revision.map(|revision| format!("-{revision}")).unwrap_or_default();
            format!("{epoch}{upstream}{revision}")
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn versions_compare_as_dpkg_compares_them(a in version(), b in version()) {
        let order = Version::parse(&a).expect("a version").cmp(&Version::parse(&b).expect("a version"));
        let relation = match order {
            Ordering::Less => "lt",
            Ordering::Equal => "eq",
            Ordering::Greater => "gt",
        };
        let Some(mut dpkg) = tool::find("dpkg") else { return Ok(()) };
        let (agrees, text) = tool::try_run(dpkg.args(["--compare-versions", &a, relation, &b]));
        prop_assert!(agrees, "{a} {relation} {b}: {text}");
    }

    #[test]
    fn the_order_is_one(a in version(), b in version(), c in version()) {
        let (a, b, c) = (Version::parse(&a), Version::parse(&b), Version::parse(&c));
        let (a, b, c) = (a.expect("a version"), b.expect("a version"), c.expect("a version"));
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        if a <= b && b <= c {
            prop_assert!(a <= c, "{} <= {} <= {}", a, b, c);
        }
    }
}
