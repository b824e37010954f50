//! The JSON Schema of recipes, for editors. It is checked in as `recipes/recipe.schema.json`.

use serde_json::Value;

use crate::written::Recipe;

/// The schema.
pub fn schema() -> Value {
    corten_document::schema_of::<Recipe>()
}

/// The schema as text, as it is checked in.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}
