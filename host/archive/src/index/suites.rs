//! Which suites belong together.

use serde::{Deserialize, Serialize};

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

/// A suite that accompanies another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// `SUITE-security`.
    Security,
    /// `SUITE-updates`: fixes between point releases.
    Updates,
}

impl Extra {
    /// Both, in the order of locks.
    pub const ALL: [Self; 2] = [Self::Security, Self::Updates];
}

impl std::fmt::Display for Extra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Security => "security",
            Self::Updates => "updates",
        })
    }
}

/// A suite and those that accompany it, as far as the mirror has them.
pub fn suites_of(suite: &str, extra: &[Extra]) -> Vec<Suite> {
    let accompanying = |extra: &Extra| {
        let archive = match extra {
            Extra::Security => Role::Security,
            Extra::Updates => Role::Main,
        };
        Suite { name: format!("{suite}-{extra}"), archive, is_optional: true }
    };
    let main = Suite { name: suite.to_owned(), archive: Role::Main, is_optional: false };
    std::iter::once(main).chain(extra.iter().map(accompanying)).collect()
}
