//! What is part of the kernel itself and needs no module: `modules.builtin` and `modules.builtin.modinfo`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    info::MAX_ALIAS,
    name::{canonical, canonical_pattern, of_path},
};

/// Largest file that is read; those of the Debian kernel have some 50 KiB.
const MAX_FILE: usize = 16 * 1024 * 1024;

/// Modules that are built into the kernel, and the aliases that they serve.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builtin {
    names: BTreeSet<String>,
    /// Pattern and the name that it belongs to.
    aliases: BTreeMap<String, String>,
}

/// Why the list of built-in modules can't be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuiltinError {
    /// A file is unreasonably large.
    #[error("{name} has {size} bytes, expected {MAX_FILE} at most")]
    TooLarge {
        /// Name of the file.
        name: &'static str,
        /// Its size.
        size: usize,
    },
    /// A line of `modules.builtin` is no path of a module.
    #[error("line {line} of modules.builtin is {text:?}, expected the path of a module")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// The line.
        text: String,
    },
}

impl Builtin {
    /// Reads the two files: paths by line, and records `module.key=value` that end with a zero byte.
    pub fn parse(list: &str, modinfo: &[u8]) -> Result<Self, BuiltinError> {
        for (name, size) in [("modules.builtin", list.len()), ("modules.builtin.modinfo", modinfo.len())] {
            if size > MAX_FILE {
                return Err(BuiltinError::TooLarge { name, size });
            }
        }
        let mut builtin = Self::default();
        for (number, text) in list.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
            if !text.contains(".ko") {
                return Err(BuiltinError::Line { line: number + 1, text: text.into() });
            }
            builtin.names.insert(of_path(text));
        }
        for record in modinfo.split(|b| *b == 0) {
            let record = String::from_utf8_lossy(record);
            let parts = record.split_once('.').and_then(|(name, rest)| Some((name, rest.split_once('=')?)));
            if let Some((name, ("alias", pattern))) = parts
                && pattern.len() <= MAX_ALIAS
            {
                builtin.aliases.insert(canonical_pattern(pattern), canonical(name));
            }
        }
        Ok(builtin)
    }

    /// Canonical names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Whether a module of that canonical name is built in.
    pub fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Alias patterns in canonical spelling with the module that serves each, sorted.
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.aliases.iter().map(|(pattern, name)| (pattern.as_str(), name.as_str()))
    }
}
