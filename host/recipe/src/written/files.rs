//! `[files.…]` and `[directories.…]`.

use std::str::FromStr;

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{AccountName, BadValue, Mode, Text};

/// A file of the recipe's own. It replaces a file of the extended recipe as a whole.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct File {
    /// Path of the file on this machine, relative to this recipe. Either this or `content`.
    pub source: Option<Text>,
    /// What the file holds. Either this or `source`.
    #[schemars(with = "Option<String>")]
    pub content: Option<Content>,
    /// Permission bits in octal; `0644` unless written otherwise.
    pub mode: Option<Mode>,
    /// Owner; `root` unless written otherwise.
    pub user: Option<AccountName>,
    /// Group; the owner's unless written otherwise.
    pub group: Option<AccountName>,
}

/// Text of any form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(pub String);

impl FromStr for Content {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        Ok(Self(text.to_owned()))
    }
}

impl Read for File {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            source: table.text("source"),
            content: table.text("content"),
            mode: table.text("mode"),
            user: table.text("user"),
            group: table.text("group"),
        }
    }
}

/// A directory with a mode or owner of its own.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Directory {
    /// Permission bits in octal; `0755` unless written otherwise.
    pub mode: Option<Mode>,
    /// Owner; `root` unless written otherwise.
    pub user: Option<AccountName>,
    /// Group; the owner's unless written otherwise.
    pub group: Option<AccountName>,
}

impl Read for Directory {
    fn read(table: &mut Table<'_>) -> Self {
        Self { mode: table.text("mode"), user: table.text("user"), group: table.text("group") }
    }
}
