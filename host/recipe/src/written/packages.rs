//! `[packages.…]`, `[users.…]` and `[groups.…]`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{AccountName, Constraint, DataPattern, Id, Program, TargetPath, Text};

/// What is taken from a package. Nothing else of it gets into the image.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Package {
    /// Programs by name, looked up in the package's `/usr/bin`, `/usr/sbin`, `/usr/libexec` and `/usr/lib`, or by
    /// absolute path. The shared libraries that they need come along.
    pub programs: Option<Vec<Program>>,
    /// Other files: absolute paths, or patterns such as `/usr/share/zoneinfo/**`.
    pub data: Option<Vec<DataPattern>>,
    /// CA certificates, one PEM certificate a file, that go into `/etc/ssl/certs/ca-certificates.crt`.
    pub certificates: Option<Vec<DataPattern>>,
    /// Versions that will do, for example `>= 1.7`.
    pub version: Option<Constraint>,
}

impl Read for Package {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            programs: table.texts("programs"),
            data: table.texts("data"),
            certificates: table.texts("certificates"),
            version: table.text("version"),
        }
    }
}

/// A user.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct User {
    /// Number of the user: 1 to 65533.
    pub uid: Option<Id>,
    /// Primary group. Without it the user has a group of its own name and number.
    pub group: Option<AccountName>,
    /// Home directory; `/nonexistent` unless written otherwise. It is not made.
    pub home: Option<TargetPath>,
    /// The comment in `/etc/passwd`.
    pub comment: Option<Text>,
}

impl Read for User {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            uid: table.integer("uid", Id::RANGE).and_then(Id::new),
            group: table.text("group"),
            home: table.text("home"),
            comment: table.text("comment"),
        }
    }
}

/// A group.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Group {
    /// Number of the group: 1 to 65533.
    pub gid: Option<Id>,
}

impl Read for Group {
    fn read(table: &mut Table<'_>) -> Self {
        Self { gid: table.integer("gid", Id::RANGE).and_then(Id::new) }
    }
}
