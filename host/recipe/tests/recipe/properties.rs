//! Whatever is in a file: reading it ends with a plan or a report, never with a panic.

use std::str::FromStr;

use crate::common::MemoryLoader;
use corten_recipe::types::{
    Constraint, DataPattern, LinkTarget, Mode, ModulePattern, PackageName, Program, Size, SysctlKey,
    TargetPath,
};
use corten_recipe::{Merged, builtin_recipe};
use proptest::prelude::*;

/// Loads, plans and shows a text; returns whether it had a plan.
fn whole_way(text: &str) -> bool {
    match Merged::load("./my.toml", &MemoryLoader::of(&[("my.toml", text)])) {
        Ok(merged) => {
            let _ = merged.to_toml();
            match merged.plan() {
                Ok(plan) => serde_json::to_string(&plan).is_ok(),
                Err(report) => {
                    assert!(!report.diagnostics().is_empty());
                    let _ = crate::common::shown(&report);
                    false
                }
            }
        }
        Err(report) => {
            assert!(!report.diagnostics().is_empty());
            let _ = crate::common::shown(&report);
            false
        }
    }
}

/// Printing and reading again gives the same value.
fn round_trip<T: FromStr + ToString + PartialEq + std::fmt::Debug>(text: &str)
where
    T::Err: std::fmt::Debug,
{
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string().parse::<T>().expect("what it prints can be read"), value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        whole_way(&text);
    }

    #[test]
    fn any_text_of_the_signs_of_toml_is_read_or_refused(text in "[a-z\\[\\]{}=\".,# \n'0-9/-]{0,300}") {
        whole_way(&text);
    }

    #[test]
    fn a_recipe_with_a_part_cut_out_or_doubled_is_read_or_refused(
        name in prop_oneof![Just("base"), Just("container-host")],
        at in 0usize..4096,
        length in 0usize..200,
        insert in "\\PC{0,6}",
        twice in any::<bool>(),
    ) {
        let text = builtin_recipe(name).expect("it is built in");
        let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let (start, end) = (floor(at), floor(at + length));
        let middle = if twice { text[start..end].repeat(2) } else { String::new() };
        whole_way(&format!("{}{insert}{middle}{}", &text[..start], &text[end..]));
    }

    #[test]
    fn values_are_read_as_they_are_printed(text in "\\PC{0,30}|[0-9]{1,6} ?[KMGT]iB|(/[a-z*.]{1,4}){1,4}|[0-7]{3,4}|(<<|>=|=) [0-9a-z.:~-]{1,9}") {
        round_trip::<Size>(&text);
        round_trip::<Mode>(&text);
        round_trip::<Constraint>(&text);
        round_trip::<TargetPath>(&text);
        round_trip::<LinkTarget>(&text);
        round_trip::<DataPattern>(&text);
        round_trip::<ModulePattern>(&text);
        round_trip::<Program>(&text);
        round_trip::<PackageName>(&text);
        round_trip::<SysctlKey>(&text);
    }

    #[test]
    fn a_path_that_is_accepted_stays_below_the_root(text in "[a./\u{e9}]{0,20}") {
        if let Ok(path) = text.parse::<TargetPath>() {
            prop_assert!(path.as_str().starts_with('/') && !path.as_str().ends_with('/'));
            prop_assert!(path.as_str().split('/').skip(1).all(|part| !matches!(part, "" | "." | "..")));
        }
    }

    #[test]
    fn a_suggested_path_is_accepted(text in "[a./]{1,20}") {
        if let Err(bad) = text.parse::<TargetPath>()
            && let Some(meant) = bad.meant
        {
            prop_assert!(meant.parse::<TargetPath>().is_ok(), "{meant}");
        }
    }
}

#[test]
fn built_in_recipes_go_the_whole_way() {
    for name in ["base", "container-host"] {
        assert!(whole_way(builtin_recipe(name).expect("it is built in")) || name == "container-host");
    }
}

#[test]
fn nesting_beyond_reason_is_refused() {
    let deep = format!("name = \"my\"\nversion = \"1\"\nx = {}1{}\n", "[".repeat(50_000), "]".repeat(50_000));
    assert!(!whole_way(&deep));
    let dotted = format!("name = \"my\"\nversion = \"1\"\n{} = 1\n", vec!["a"; 50_000].join("."));
    assert!(!whole_way(&dotted));
    let header = format!("name = \"my\"\nversion = \"1\"\n[{}]\n", vec!["a"; 50_000].join("."));
    assert!(!whole_way(&header));
}
