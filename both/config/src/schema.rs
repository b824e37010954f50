//! The JSON Schema of configurations, for editors. It is checked in as `machine.schema.json`.

use serde_json::Value;

use crate::written::Configuration;

/// The schema.
pub fn schema() -> Value {
    corten_document::schema_of::<Configuration>()
}

/// The schema as text, as it is checked in.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}
