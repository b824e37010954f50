//! The JSON Schemas of recipes, for editors. They are checked in as `recipes/recipe.schema.json` and
//! `recipes/containers/container.schema.json`.

use serde_json::Value;

use crate::written::{ContainerRecipe, Recipe};

/// The schema.
pub fn schema() -> Value {
    corten_document::schema_of::<Recipe>()
}

/// The schema as text, as it is checked in.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// The schema of container recipes as text, as it is checked in.
pub fn container_schema_text() -> String {
    format!("{:#}\n", corten_document::schema_of::<ContainerRecipe>())
}
