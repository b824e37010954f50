//! The name of a boot image: `corten_<version>_<first 8 hex digits of the root hash>[+<left>[-<done>]].efi`.
//!
//! The counter is that of the Boot Loader Specification ("Boot counting"): starts that are left, and starts that were
//! tried. The loader renames the file before each start. A name without a counter is one of a committed version.

use std::fmt;
use std::str::FromStr;

use corten_formats::verity::RootHash;

use crate::version::{Version, VersionError};

/// What stands before the version.
const PREFIX: &str = "corten_";
/// What a name ends in. The loader takes any case, but everybody who writes these names writes it so.
const SUFFIX: &str = ".efi";
/// Most that the loader counts to (INT_MAX).
const MAX_COUNT: u32 = i32::MAX as u32;

/// The first 8 hexadecimal digits of a root hash, so that two builds of one version have two names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits([u8; 4]);

/// A text that is no beginning of a root hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the beginning of a root hash: expected 8 digits of 0-9 and a-f")]
pub struct DigitsError(pub String);

/// A counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tries {
    /// Starts that are left.
    pub left: u32,
    /// Starts that were tried.
    pub done: u32,
}

/// The name of a boot image.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BootName {
    /// The version that it boots.
    pub version: Version,
    /// The root that it boots.
    pub root: Digits,
    /// The counter; `None` once the version is committed.
    pub tries: Option<Tries>,
}

/// A file name that is not one of a boot image of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not of the form.
    #[error("{0:?} is not the name of a boot image: expected corten_VERSION_DIGITS[+LEFT[-DONE]].efi")]
    Form(String),
    /// The version is none.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The part for the root hash is none.
    #[error(transparent)]
    Digits(#[from] DigitsError),
    /// The counter is none that the loader would write.
    #[error("{0:?} is not a counter of starts: expected LEFT or LEFT-DONE, as \"3\" or \"2-1\"")]
    Tries(String),
}

impl Digits {
    /// The first digits of this root hash.
    pub fn of(root_hash: &RootHash) -> Self {
        let [a, b, c, d, ..] = root_hash.0;
        Self([a, b, c, d])
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Digits {
    type Err = DigitsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || DigitsError(shortened(text));
        let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 8 || !text.bytes().all(plain) {
            return Err(error());
        }
        let value = u32::from_str_radix(text, 16).map_err(|_| error())?;
        Ok(Self(value.to_be_bytes()))
    }
}

impl Tries {
    /// Starts of a version that is on trial.
    pub const STAGED: Self = Self { left: 3, done: 0 };

    /// The counter after the loader started the entry.
    #[must_use]
    pub fn started(self) -> Self {
        Self { left: self.left.saturating_sub(1), done: self.done.saturating_add(1).min(MAX_COUNT) }
    }
}

impl fmt::Display for Tries {
    /// As the loader writes it; it takes a missing second number for zero.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.done {
            0 => write!(f, "{}", self.left),
            done => write!(f, "{}-{done}", self.left),
        }
    }
}

impl FromStr for Tries {
    type Err = NameError;

    /// Takes what is written by us and the loader and nothing else, so that a name that was read is written back
    /// the same.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (left, done) = text.split_once('-').unwrap_or((text, "0"));
        let number = |text: &str| text.parse().ok().filter(|number| *number <= MAX_COUNT);
        let tries = number(left).zip(number(done)).map(|(left, done)| Self { left, done });
        tries.filter(|tries| tries.to_string() == text).ok_or_else(|| NameError::Tries(shortened(text)))
    }
}

impl BootName {
    /// The name of a committed version.
    pub fn committed(version: Version, root_hash: &RootHash) -> Self {
        Self { version, root: Digits::of(root_hash), tries: None }
    }

    /// The same boot image with another counter.
    #[must_use]
    pub fn with_tries(&self, tries: Option<Tries>) -> Self {
        Self { tries, ..self.clone() }
    }

    /// Whether the version is committed.
    pub fn is_committed(&self) -> bool {
        self.tries.is_none()
    }

    /// Whether the loader starts it only if there is nothing else.
    pub fn is_last_resort(&self) -> bool {
        self.tries.is_some_and(|tries| tries.left == 0)
    }

    /// The loader's identifier of the entry: the name without its counter, in lower case.
    pub fn id(&self) -> String {
        self.with_tries(None).to_string().to_ascii_lowercase()
    }
}

impl fmt::Display for BootName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_{}", self.version, self.root)?;
        if let Some(tries) = self.tries {
            write!(f, "+{tries}")?;
        }
        f.write_str(SUFFIX)
    }
}

impl FromStr for BootName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let form = || NameError::Form(shortened(text));
        let inner = text.strip_prefix(PREFIX).and_then(|text| text.strip_suffix(SUFFIX)).ok_or_else(form)?;
        let (inner, tries) = match inner.split_once('+') {
            Some((inner, tries)) => (inner, Some(tries.parse()?)),
            None => (inner, None),
        };
        let (version, root) = inner.split_once('_').ok_or_else(form)?;
        Ok(Self { version: version.parse()?, root: root.parse()?, tries })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_says_version_root_and_starts() {
        let name: BootName = "corten_1.0-rc.7_00abcdef+2-1.efi".parse().expect("a name");
        assert_eq!(name.version.as_str(), "1.0-rc.7");
        assert_eq!(name.root, Digits([0, 0xab, 0xcd, 0xef]));
        assert_eq!(name.tries, Some(Tries { left: 2, done: 1 }));
        assert_eq!(name.id(), "corten_1.0-rc.7_00abcdef.efi");
        let staged = name.with_tries(Some(Tries::STAGED));
        assert_eq!(staged.to_string(), "corten_1.0-rc.7_00abcdef+3.efi");
        let committed = BootName::committed("0.1.0.1".parse().expect("a version"), &RootHash([0xab; 32]));
        assert_eq!(committed.to_string(), "corten_0.1.0.1_abababab.efi");
    }

    #[test]
    fn other_names_are_refused_with_the_reason() {
        let refused = |text: &str| text.parse::<BootName>().expect_err(text).to_string();
        insta::assert_snapshot!(
            [
                "debian.efi",
                "corten_1_00000000.efi.new",
                "corten_1.efi",
                "corten__00000000.efi",
                "corten_1_2_00000000.efi",
                "corten_1_0000000.efi",
                "corten_1_0000000A.efi",
                "corten_1_+0000000.efi",
                "corten_1_00000000+.efi",
                "corten_1_00000000+03.efi",
                "corten_1_00000000+3-0.efi",
                "corten_1_00000000+3-1-1.efi",
                "corten_1_00000000+2147483648.efi",
            ]
            .map(refused)
            .join("\n"),
            @r#"
            "debian.efi" is not the name of a boot image: expected corten_VERSION_DIGITS[+LEFT[-DONE]].efi
            "corten_1_00000000.efi.new" is not the name of a boot image: expected corten_VERSION_DIGITS[+LEFT[-DONE]].efi
            "corten_1.efi" is not the name of a boot image: expected corten_VERSION_DIGITS[+LEFT[-DONE]].efi
            "" is not a version: expected 1 to 64 characters of 0-9, A-Z, a-z, "." and "-"
            "2_00000000" is not the beginning of a root hash: expected 8 digits of 0-9 and a-f
            "0000000" is not the beginning of a root hash: expected 8 digits of 0-9 and a-f
            "0000000A" is not the beginning of a root hash: expected 8 digits of 0-9 and a-f
            "0000000" is not a counter of starts: expected LEFT or LEFT-DONE, as "3" or "2-1"
            "" is not a counter of starts: expected LEFT or LEFT-DONE, as "3" or "2-1"
            "03" is not a counter of starts: expected LEFT or LEFT-DONE, as "3" or "2-1"
            "3-0" is not a counter of starts: expected LEFT or LEFT-DONE, as "3" or "2-1"
            "3-1-1" is not a counter of starts: expected LEFT or LEFT-DONE, as "3" or "2-1"
            "2147483648" is not a counter of starts: expected LEFT or LEFT-DONE, as "3" or "2-1"
            "#
        );
    }

    /// The loader's own series, from the comment at its parser.
    #[test]
    fn each_start_counts_down_and_up() {
        let mut name: Tries = "3".parse().expect("a counter");
        let mut series = Vec::new();
        for _ in 0..5 {
            series.push(name.to_string());
            name = name.started();
        }
        assert_eq!(series, ["3", "2-1", "1-2", "0-3", "0-4"]);
    }

    proptest! {
        #[test]
        fn a_name_is_read_as_it_was_written(
            version in "[0-9A-Za-z.-]{1,64}",
            root in any::<[u8; 4]>(),
            tries in proptest::option::of((0..=MAX_COUNT, 0..=MAX_COUNT)),
        ) {
            let tries = tries.map(|(left, done)| Tries { left, done });
            let version: Version = version.parse().expect("a version");
            let name = BootName { version, root: Digits(root), tries };
            prop_assert_eq!(name.to_string().parse(), Ok(name.clone()));
            prop_assert!(name.to_string().len() <= 195, "FAT code of ours takes no longer names");
        }

        #[test]
        fn any_text_that_is_a_name_is_written_back_the_same(
            text in prop_oneof!["\\PC*", "corten_[0-9A-Za-z._+-]{0,20}_[0-9a-f]{7,9}(\\+[0-9-]{0,6})?\\.efi"],
        ) {
            if let Ok(name) = text.parse::<BootName>() {
                prop_assert_eq!(name.to_string(), text);
            }
        }
    }
}
