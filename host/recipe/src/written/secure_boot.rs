//! `[secure-boot]`.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::Text;

/// With what loader and boot image are signed. Takes the place of the whole table of the extended recipe.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SecureBoot {
    /// File of the RSA key, PEM, without a passphrase. The path is relative to this file.
    pub key: Option<Text>,
    /// File of its certificate, PEM or DER. The path is relative to this file.
    pub cert: Option<Text>,
    /// Folder with `PK.auth`, `KEK.auth` and `db.auth`, as `corten secure-boot keys` makes them. They are put on the
    /// disk, where the loader finds them and tells them to firmware that is in setup mode. The path is relative to
    /// this file.
    pub enrol: Option<Text>,
}

impl Read for SecureBoot {
    fn read(table: &mut Table<'_>) -> Self {
        Self { key: table.text("key"), cert: table.text("cert"), enrol: table.text("enrol") }
    }
}
