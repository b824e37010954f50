//! What can be wrong with a document.

use crate::key::KeyPath;

/// What can be wrong with a document. Each kind has a code of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Not of its language.
    #[error("not {language}: {message}")]
    Syntax {
        /// Name of the language.
        language: &'static str,
        /// What the parser says, on one line.
        message: String,
    },
    /// Larger or deeper than what is read.
    #[error("{0}")]
    Limit(String),
    /// A key or table that is there already.
    #[error("{0} stands twice")]
    DuplicateKey(String),
    /// A key that has no meaning here.
    #[error("unknown key `{0}`")]
    UnknownKey(KeyPath),
    /// A value of another type than the key takes.
    #[error("`{key}` is {found}, expected {expected}")]
    WrongType {
        /// The key.
        key: KeyPath,
        /// The type that it has, in words.
        found: String,
        /// The type that it should have, in words.
        expected: String,
    },
    /// A value that is not one of those allowed.
    #[error("`{key}` is {value}, expected {expected}")]
    BadValue {
        /// The key.
        key: KeyPath,
        /// The value as TOML.
        value: String,
        /// What was expected, in words.
        expected: String,
    },
    /// A key of a table that names something, a path for example, in a wrong form.
    #[error("{name} is not a key of `{table}`, expected {expected}")]
    BadKey {
        /// The table.
        table: KeyPath,
        /// The key as TOML.
        name: String,
        /// What was expected, in words.
        expected: String,
    },
    /// A key that must be there.
    #[error("`{0}` is missing")]
    Missing(KeyPath),
    /// The same item twice in one list of one document.
    #[error("{value} stands twice in `{key}`")]
    Duplicate {
        /// The list.
        key: KeyPath,
        /// The item as TOML.
        value: String,
    },
    /// Values that exclude each other, at one path or with one number for example.
    #[error("{0}")]
    Conflict(String),
    /// A name that nothing has.
    #[error("`{key}` names {value}, which does not exist")]
    Unresolved {
        /// The key.
        key: KeyPath,
        /// The name as TOML.
        value: String,
    },
}

impl Problem {
    /// The kind, for tools.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "syntax",
            Self::Limit(_) => "limit",
            Self::DuplicateKey(_) => "duplicate-key",
            Self::UnknownKey(_) => "unknown-key",
            Self::WrongType { .. } => "wrong-type",
            Self::BadValue { .. } => "bad-value",
            Self::BadKey { .. } => "bad-key",
            Self::Missing(_) => "missing",
            Self::Duplicate { .. } => "duplicate",
            Self::Conflict(_) => "conflict",
            Self::Unresolved { .. } => "unresolved",
        }
    }

    /// The key that it is about, where it names one.
    pub fn key(&self) -> Option<&KeyPath> {
        match self {
            Self::UnknownKey(key)
            | Self::Missing(key)
            | Self::WrongType { key, .. }
            | Self::BadValue { key, .. }
            | Self::BadKey { table: key, .. }
            | Self::Duplicate { key, .. }
            | Self::Unresolved { key, .. } => Some(key),
            Self::Syntax { .. } | Self::Limit(_) | Self::DuplicateKey(_) | Self::Conflict(_) => None,
        }
    }
}
