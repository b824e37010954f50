//! The JSON Schema of recipes, for editors. It is checked in as `recipes/recipe.schema.json`.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::written::Recipe;

/// The schema.
pub fn schema() -> Value {
    let generator = SchemaGenerator::new(SchemaSettings::draft07());
    let mut schema = generator.into_root_schema_for::<Recipe>();
    RecursiveTransform(for_toml).transform(&mut schema);
    schema.to_value()
}

/// The schema as text, as it is checked in.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// Takes out what is not about TOML. It has no null: what may be left out is left out.
fn for_toml(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    // Widths of Rust's integers, which mean nothing to an editor.
    object.remove("format");
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
        choices.retain(|choice| choice != &serde_json::json!({ "type": "null" }));
        if let [Value::Object(only)] = choices.as_slice() {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
}
