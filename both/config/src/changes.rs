//! What differs between two configurations.

use crate::merged::Merged;

/// A key whose value differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The key as TOML writes it.
    pub key: String,
    /// The value before as TOML, a secret as `(secret)`; `None` where there was none.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// The keys whose values differ, in order. Without a configuration before every key is new.
pub fn changes(_before: Option<&Merged>, _after: &Merged) -> Vec<Change> {
    Vec::new()
}
