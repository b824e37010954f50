//! Names in certificates. They end up in audit logs, on terminals and in file names, so they are short and plain.

use std::fmt;
use std::str::FromStr;

/// The longest common name that X.520 allows, in bytes.
const MAX_BYTES: usize = 64;

/// Whose a certificate is: 1 to 64 printable ASCII characters, no blank at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

/// Text that can't be a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing, or too much.
    #[error("a name of {0} bytes; expected 1 to {MAX_BYTES}")]
    Length(usize),
    /// A character that is not printable ASCII.
    #[error("name {0:?}: only printable ASCII, no {1:?}")]
    Character(String, char),
    /// A blank that nobody would see.
    #[error("name {0:?}: no blank at its beginning or end")]
    Blank(String),
}

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > MAX_BYTES {
            return Err(NameError::Length(text.len()));
        }
        if let Some(other) = text.chars().find(|character| !matches!(character, ' '..='~')) {
            return Err(NameError::Character(text.into(), other));
        }
        if text.starts_with(' ') || text.ends_with(' ') {
            return Err(NameError::Blank(text.into()));
        }
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        for text in ["a", "Ada Lovelace", "ci@build-7", &"x".repeat(64)] {
            assert_eq!(text.parse::<Name>().map(|name| name.to_string()), Ok(text.into()));
        }
        assert_eq!("".parse::<Name>(), Err(NameError::Length(0)));
        assert_eq!("x".repeat(65).parse::<Name>(), Err(NameError::Length(65)));
        assert_eq!(" a".parse::<Name>(), Err(NameError::Blank(" a".into())));
        for (text, other) in [("a\nb", '\n'), ("\u{1b}[1m", '\u{1b}'), ("zoë", 'ë'), ("a\u{7f}", '\u{7f}')]
        {
            assert_eq!(text.parse::<Name>(), Err(NameError::Character(text.into(), other)));
        }
    }
}
