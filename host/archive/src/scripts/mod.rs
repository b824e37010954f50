//! What maintainer scripts do beyond what debhelper generated: what a builder that runs no script has to account
//! for.
//!
//! debhelper marks its own parts with comments, which name the helper. Those are known and set aside by name; of
//! the rest, lines that do nothing by themselves (shebang, `set -e`, empty branches) are dropped.

mod boilerplate;
mod users;

use std::collections::BTreeSet;

pub use self::users::{SystemUser, system_users};

/// What is left of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Residue {
    /// debhelper's helpers that added parts: `dh_installsystemd`, `dh_makeshlibs`.
    pub helpers: BTreeSet<String>,
    /// Lines that nothing accounts for, without indentation; continued ones are joined. Empty when the script does nothing of its own.
    pub lines: Vec<String>,
}

const START: &str = "# Automatically added by ";
const END: &str = "# End automatically added section";

/// Analyses one script.
pub fn residue(script: &str) -> Residue {
    let mut helpers = BTreeSet::new();
    let mut own = Vec::new();
    let mut generated = false;
    // A command that goes on in the next line is one command.
    let joined = script.replace("\\\n", " ");
    for line in joined.lines().map(str::trim) {
        if let Some(helper) = line.strip_prefix(START) {
            // debhelper writes `dh_installsystemd/13.24.2`.
            let name = helper.split(['/', ' ']).next().unwrap_or(helper);
            helpers.insert(name.to_owned());
            generated = true;
        } else if line == END {
            generated = false;
        } else if !generated {
            own.push(line);
        }
    }
    Residue { helpers, lines: boilerplate::strip(&own) }
}
