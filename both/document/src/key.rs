//! Keys of a document as paths: `kernel.modules[3]`, `files."/etc/motd".mode`.

use std::fmt;

use crate::literal::{SHOWN, literal, shown};

/// One step of a [`KeyPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// A key of a table.
    Key(String),
    /// An item of a list, counted from 0.
    Item(usize),
}

/// The path to a value, from the top of the document.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(Vec<Step>);

impl KeyPath {
    /// The path to the whole document.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path through these keys.
    pub fn of(keys: &[&str]) -> Self {
        Self(keys.iter().map(|key| Step::Key((*key).to_owned())).collect())
    }

    /// The path to a key below this one.
    #[must_use]
    pub fn key(&self, key: impl AsRef<str>) -> Self {
        let mut path = self.clone();
        path.0.push(Step::Key(key.as_ref().to_owned()));
        path
    }

    /// The path to an item of the list here.
    #[must_use]
    pub fn item(&self, number: usize) -> Self {
        let mut path = self.clone();
        path.0.push(Step::Item(number));
        path
    }

    /// The path to the list that this is an item of, or else this path. Merging changes the numbers of items, so a
    /// person who looks at one file is told of the list.
    #[must_use]
    pub fn without_item(&self) -> Self {
        let mut path = self.clone();
        if matches!(path.0.last(), Some(Step::Item(_))) {
            path.0.pop();
        }
        path
    }

    /// The steps from the top.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

/// A key as TOML writes it: bare where it can be.
pub fn quoted(key: &str) -> String {
    let bare =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { key.to_owned() } else { literal(key) }
}

/// A key as a message shows it: a long one shortened, a private key not at all.
pub fn shown_key(key: &str) -> String {
    let text = quoted(key);
    let is_bare = text == key && text.len() <= SHOWN;
    if is_bare { text } else { shown(key) }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if n == 0 => f.write_str(&shown_key(key))?,
                Step::Key(key) => write!(f, ".{}", shown_key(key))?,
                Step::Item(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}
