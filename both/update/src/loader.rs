//! What systemd-boot does with boot images: which one it starts, and how it renames it before that.
//!
//! Read off version 257 (`src/boot/boot.c`): `boot_entry_compare`, `config_select_default_entry`,
//! `boot_entry_parse_tries`, `boot_entry_bump_counters`. It holds while three things are so, and the builder sees to
//! them: `loader.conf` names no default, the os-release in every boot image has the same sort key (its `IMAGE_ID`, or
//! else its `ID`), and its version is the one in the name. The variables `LoaderEntryOneShot` and
//! `LoaderEntryDefault` come before everything here; nothing of ours sets them.

use std::cmp::Ordering;

use crate::name::BootName;

/// The boot image that the loader starts: one with starts left or without a counter before one whose starts are
/// used up, then the newest version. `None` only if there is none at all.
pub fn next_boot(entries: &[BootName]) -> Option<&BootName> {
    entries.iter().min_by(|left, right| preference(left, right))
}

/// The loader's order: what it prefers is less. What is equal stays in the order of the directory.
fn preference(left: &BootName, right: &BootName) -> Ordering {
    left.is_last_resort()
        .cmp(&right.is_last_resort())
        .then_with(|| right.version.age(&left.version))
        .then_with(|| crate::compare_versions(&right.id(), &left.id()))
        .then_with(|| match (left.tries, right.tries) {
            (Some(left), Some(right)) => right.left.cmp(&left.left).then(left.done.cmp(&right.done)),
            _ => Ordering::Equal,
        })
}

/// The name that a boot image has while it runs: the loader counts before it starts it.
#[must_use]
pub fn started(name: &BootName) -> BootName {
    name.with_tries(name.tries.map(crate::Tries::started))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(names: &[&str]) -> String {
        let names: Vec<BootName> = names.iter().map(|name| name.parse().expect(name)).collect();
        next_boot(&names).map_or_else(String::new, ToString::to_string)
    }

    #[test]
    fn starts_left_come_before_the_newest_version() {
        let (old, new) = ("corten_1.0.9_aaaaaaaa", "corten_1.0.10_bbbbbbbb");
        let of = |a: &str, b: &str| next(&[&format!("{old}{a}.efi"), &format!("{new}{b}.efi")]);
        insta::assert_snapshot!(
            [
                of("", ""),
                of("", "+3"),
                of("", "+1-2"),
                of("", "+0-3"),
                of("+3", ""),
                of("+3", "+0"),
                of("+0-3", "+0"),
                of("+0", "+0-9"),
            ]
            .join("\n"),
            @r"
            corten_1.0.10_bbbbbbbb.efi
            corten_1.0.10_bbbbbbbb+3.efi
            corten_1.0.10_bbbbbbbb+1-2.efi
            corten_1.0.9_aaaaaaaa.efi
            corten_1.0.10_bbbbbbbb.efi
            corten_1.0.9_aaaaaaaa+3.efi
            corten_1.0.10_bbbbbbbb+0.efi
            corten_1.0.10_bbbbbbbb+0-9.efi
            "
        );
        assert_eq!(next(&[]), "");
    }

    #[test]
    fn of_one_version_the_higher_digits_win_whatever_the_order_of_the_directory() {
        let (one, two) = ("corten_1_0000000a.efi", "corten_1_0000000b.efi");
        assert_eq!(next(&[one, two]), two);
        assert_eq!(next(&[two, one]), two);
    }
}
