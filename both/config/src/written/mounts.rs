//! What a container is given: mounts and variables.

use corten_document::{Read, Table};
use schemars::JsonSchema;

use crate::types::{AbsolutePath, Label, ProgramText, Size};

/// What is mounted at a place: one of `volume`, `host`, `tmpfs` and `secret`.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mount {
    /// A volume on the state, by a name of your choice. It is made when it is first named, and outlives its workloads.
    pub volume: Option<Label>,
    /// A file or folder of the node, below one of `containers.host-paths`.
    pub host: Option<AbsolutePath>,
    /// Memory: `true`.
    pub tmpfs: Option<bool>,
    /// A secret as a file that the container's user alone can read.
    pub secret: Option<Label>,
    /// Most that `tmpfs` holds; half of the node's memory unless written otherwise. What is written counts against the
    /// container's memory limit.
    pub size: Option<Size>,
    /// Whether nothing of `volume` or `host` can be written to; `false` unless written otherwise.
    pub read_only: Option<bool>,
}

impl Read for Mount {
    fn read(table: &mut Table<'_>) -> Self {
        Self {
            volume: table.text("volume"),
            host: table.text("host"),
            tmpfs: table.boolean("tmpfs"),
            secret: table.text("secret"),
            size: table.text("size"),
            read_only: table.boolean("read-only"),
        }
    }
}

/// The value of a variable. A text alone is short for `{ text = "…" }`.
#[derive(Clone, Debug, Default, JsonSchema)]
#[schemars(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Variable {
    /// This text.
    pub text: Option<ProgramText>,
    /// The secret of this name.
    pub secret: Option<Label>,
}

impl Read for Variable {
    fn read(table: &mut Table<'_>) -> Self {
        Self { text: table.setting("text"), secret: table.text("secret") }
    }
}

/// A variable in each way in which it can be written.
#[derive(JsonSchema)]
#[schemars(untagged, inline)]
#[expect(dead_code, reason = "the reader is shown one of the ways alone")]
pub(super) enum AnyVariable {
    Text(String),
    Integer(i64),
    Table(Variable),
}
