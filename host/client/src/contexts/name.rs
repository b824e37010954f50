//! What a person calls a node.

use std::fmt;
use std::str::FromStr;

/// The word that stands for every node, and so is the name of none.
pub(super) const ALL: &str = "all";

const MAX_LENGTH: usize = 63;

/// A name of a node: letters, digits and `._-`, beginning with a letter or digit, at most 63 of them, and not `all`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

/// A text is no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} can't be the name of a node: expected up to 63 letters, digits, '.', '_' and '-', a letter or digit first, and not \"all\""
)]
pub struct NoName(String);

impl NodeName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name with a number behind it, shortened where it would be too long.
    #[must_use]
    pub fn numbered(&self, number: u32) -> Self {
        let end = format!("-{number}");
        let kept = self.0.len().min(MAX_LENGTH - end.len());
        Self(format!("{}{end}", &self.0[..kept]))
    }

    /// A name that is as close to a text as the rules allow: what may not be in a name becomes `-`.
    pub fn like(text: &str) -> Self {
        let mut name = String::new();
        for letter in text.chars().take(MAX_LENGTH) {
            let fits = letter.is_ascii_alphanumeric() || (!name.is_empty() && "._-".contains(letter));
            if fits {
                name.push(letter);
            } else if !name.is_empty() {
                name.push('-');
            }
        }
        if name.is_empty() || name == ALL {
            name.insert_str(0, "node");
        }
        Self(name)
    }
}

impl FromStr for NodeName {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let first = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if letters && first && text.len() <= MAX_LENGTH && text != ALL {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoName(text.to_owned()))
        }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_a_shell_or_a_list_would_split_is_refused() {
        for text in ["", "a b", "a,b", "all", "-a", ".a", "ä", "a/b", &"a".repeat(64)] {
            assert_eq!(text.parse::<NodeName>(), Err(NoName(text.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn names_that_are_made_are_names(text in ".{0,80}", number: u32) {
            let like = NodeName::like(&text);
            prop_assert_eq!(like.as_str().parse(), Ok(like.clone()));
            let numbered = like.numbered(number);
            prop_assert_eq!(numbered.as_str().parse(), Ok(numbered.clone()));
        }

        #[test]
        fn a_name_is_like_itself(text in "[A-Za-z0-9][A-Za-z0-9._-]{0,62}") {
            prop_assume!(text != ALL);
            let like = NodeName::like(&text);
            prop_assert_eq!(like.as_str(), text);
        }
    }
}
