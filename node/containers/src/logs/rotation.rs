//! Which files a container's lines are in, and when they change places. Pure.
//!
//! ```text
//! current -> 1 -> 2 -> gone
//! ```
//!
//! Files have generations: the one that is written to has the highest, and each keeps its own however often it is
//! renamed, so that a reader knows where it is.

/// Bytes of a file and number of files that are kept of one container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a file. Only a single write that is longer makes a longer one.
    pub file_bytes: u64,
    /// Files, the current one among them; two at least.
    pub files: u64,
}

impl Default for Limits {
    /// 30 MiB for a container: with 200 of them 6 GiB, which a state has room for, and some 300,000 lines each. A file
    /// of 10 MiB is read within a tenth of a second, and a third of what is kept goes at a time.
    fn default() -> Self {
        Self { file_bytes: 10 << 20, files: 3 }
    }
}

impl Limits {
    /// Whether a file of this size is full when so much is to be added.
    pub fn is_full(self, bytes: u64, adding: u64) -> bool {
        bytes > 0 && bytes.saturating_add(adding) > self.file_bytes
    }

    /// Renames that make room for a new current file, in their order. Each one takes the place of what is there, so
    /// that a cut between any two leaves every line that is kept in one file, and no file too many.
    pub fn renames(self) -> Vec<(String, String)> {
        (1..self.files).rev().map(|age| (file_name(age - 1), file_name(age))).collect()
    }

    /// The generation of the current file of a container that starts with these files. Older ones count back to 0.
    pub fn first_generation(self) -> u64 {
        self.files - 1
    }

    /// The oldest generation that is kept while this one is current.
    pub fn oldest(self, current: u64) -> u64 {
        current.saturating_sub(self.files - 1)
    }
}

/// Name of the file that was current so many files ago.
pub fn file_name(age: u64) -> String {
    if age == 0 { "current".into() } else { age.to_string() }
}

/// How many files ago the file of this name was current.
pub fn age(name: &str) -> Option<u64> {
    if name == "current" {
        return Some(0);
    }
    name.parse().ok().filter(|age| *age > 0 && file_name(*age) == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_files_of_ten_mebibytes_are_kept() {
        let limits = Limits::default();
        let renames = limits.renames();
        let renames: Vec<(&str, &str)> =
            renames.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        assert_eq!(renames, [("1", "2"), ("current", "1")]);
        assert!(!limits.is_full(0, 11 << 20), "a file that is empty takes whatever comes");
        assert!(!limits.is_full(10 << 19, 10 << 19));
        assert!(limits.is_full(10 << 20, 1));
    }

    #[test]
    fn names_and_ages_belong_together() {
        for number in 0..5 {
            assert_eq!(age(&file_name(number)), Some(number));
        }
        for name in ["", "0", "01", "+1", "current.new", "x"] {
            assert_eq!(age(name), None, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn a_cut_between_renames_loses_only_what_was_to_go(files in 2_u64..6, cuts in prop::collection::vec(0_usize..8, 1..20)) {
            let limits = Limits { file_bytes: 1, files };
            let mut folder: BTreeMap<String, u64> = BTreeMap::new();
            let mut written = 0;
            for cut in cuts {
                // Each round writes one file and is cut somewhere in the rotation behind it.
                if !folder.contains_key("current") {
                    folder.insert("current".into(), written);
                    written += 1;
                }
                for (from, to) in limits.renames().into_iter().take(cut) {
                    if let Some(content) = folder.remove(&from) {
                        folder.insert(to, content);
                    }
                }
                prop_assert!(folder.len() as u64 <= files);
                prop_assert!(folder.values().any(|content| *content == written - 1), "the newest is there");
                let mut by_age: Vec<_> = folder.iter().map(|(name, content)| (age(name), *content)).collect();
                by_age.sort_unstable();
                prop_assert!(by_age.windows(2).all(|pair| pair[0].1 > pair[1].1), "newer ones have newer names");
            }
        }
    }
}
