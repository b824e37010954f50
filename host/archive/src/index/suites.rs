//! Which suites belong together.

use crate::mirror::Role;

/// A suite to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its name.
    pub name: String,
    /// Archive that it lies in.
    pub archive: Role,
    /// Whether it may be missing.
    pub is_optional: bool,
}

/// A suite with its updates and security updates, as far as the mirror has them.
pub fn suites_of(suite: &str) -> Vec<Suite> {
    let optional = |name: String, archive| Suite { name, archive, is_optional: true };
    vec![
        Suite { name: suite.to_owned(), archive: Role::Main, is_optional: false },
        optional(format!("{suite}-updates"), Role::Main),
        optional(format!("{suite}-security"), Role::Security),
    ]
}
