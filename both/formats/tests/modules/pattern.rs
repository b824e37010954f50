//! Alias patterns against a plain recursive definition of fnmatch, and against examples of real buses.

use corten_formats::modules::matches;
use proptest::prelude::*;

#[test]
fn patterns_of_real_buses_match() {
    for (pattern, text) in [
        ("pci:v00008086d0000100Esv*sd*bc*sc*i*", "pci:v00008086d0000100Esv00001AF4sd00001100bc02sc00i00"),
        ("virtio:d00000001v*", "virtio:d00000001v00001AF4"),
        ("acpi*:PNP0C0A:*", "acpi:PNP0C0A:PNP0C0B:"),
        ("usb:v*p*d*dc*dsc*dp*ic08isc06ip50in*", "usb:v46F4p0001d0000dc00dsc00dp00ic08isc06ip50in00"),
        (
            "input:b*v*p*e*_e*1,*k*110,*r*0,*1,*a*l*m*s*f*w*",
            "input:b0003v0627p0001e0001_e0,1,2,4,k110,111,112,r0,1,8,alm4,sfw",
        ),
        ("a[b-d]c", "acc"),
        ("a[!b-d]c", "aec"),
        ("a[^b]c", "aec"),
        ("[]]", "]"),
        ("a[b", "a[b"),
        (r"a\*b", "a*b"),
        ("*", ""),
    ] {
        assert!(matches(pattern, text), "{pattern} {text}");
    }
    for (pattern, text) in [
        ("virtio:d00000001v*", "virtio:d00000002v00001AF4"),
        ("a[b-d]c", "aec"),
        ("a[!b-d]c", "acc"),
        ("a?", "a"),
        ("", "a"),
        (r"a\*b", "axb"),
    ] {
        assert!(!matches(pattern, text), "{pattern} {text}");
    }
}

/// The definition, for patterns of stars, question marks and plain characters.
fn defined(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => defined(&pattern[1..], text) || !text.is_empty() && defined(pattern, &text[1..]),
        (Some(b'?'), Some(_)) => defined(&pattern[1..], &text[1..]),
        (Some(p), Some(t)) => p == t && defined(&pattern[1..], &text[1..]),
        _ => false,
    }
}

proptest! {
    #[test]
    fn stars_and_question_marks_mean_what_is_defined(pattern in "[ab?*]{0,8}", text in "[ab]{0,8}") {
        prop_assert_eq!(matches(&pattern, &text), defined(pattern.as_bytes(), text.as_bytes()));
    }

    #[test]
    fn any_pattern_ends(pattern in r"[-a\[\]!\\*?b]{0,40}", text in "[-ab]{0,40}") {
        let _ = matches(&pattern, &text);
    }
}

#[test]
fn many_stars_take_no_exponential_time() {
    assert!(!matches(&"a*".repeat(500), &format!("{}b", "a".repeat(400))));
}
