//! Text that has a form: the check and the JSON Schema of each kind of value stand in one place.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use corten_document::BadValue;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// A kind of value that is written as text.
pub trait Form: 'static {
    /// Name of the kind in the JSON Schema.
    const NAME: &'static str;
    /// Regular expression for editors: what fits does not fit always, what doesn't never does. Empty for any text.
    const PATTERN: &'static str;
    /// What is read.
    type Value: Clone + fmt::Debug + Ord;

    /// Reads a text, or says what was expected.
    fn read(text: &str) -> Result<Self::Value, BadValue>;
}

/// A value of a form.
pub struct Checked<F: Form>(F::Value);

impl<F: Form> Checked<F> {
    /// The value.
    pub fn get(&self) -> &F::Value {
        &self.0
    }
}

impl<F: Form> FromStr for Checked<F> {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        F::read(text).map(Self)
    }
}

impl<F: Form> Clone for Checked<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Form> fmt::Debug for Checked<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<F: Form> PartialEq for Checked<F> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<F: Form> Eq for Checked<F> {}

impl<F: Form> PartialOrd for Checked<F> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<F: Form> Ord for Checked<F> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<F: Form> JsonSchema for Checked<F> {
    fn schema_name() -> Cow<'static, str> {
        F::NAME.into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        if F::PATTERN.is_empty() {
            json_schema!({ "type": "string" })
        } else {
            json_schema!({ "type": "string", "pattern": F::PATTERN })
        }
    }
}
