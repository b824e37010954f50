//! Names made of a fixed set of characters: users, hosts, kernel settings and their like.
//!
//! A [`Rule`] says once which characters are allowed; the check and the pattern in the JSON Schema both follow
//! from it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::value::BadValue;

/// What a kind of [`Word`] looks like.
pub trait Rule: Clone + fmt::Debug + Ord + 'static {
    /// Name of the kind in the JSON Schema.
    const NAME: &'static str;
    /// What is expected, in words.
    const EXPECTED: &'static str;
    /// Characters that may come first, as inside the brackets of a regular expression: `a-z0-9`.
    const FIRST: &'static str;
    /// Characters that may follow.
    const REST: &'static str;
    /// Smallest number of characters.
    const MIN: usize = 1;
    /// Largest number of characters.
    const MAX: usize;

    /// What the characters alone don't decide.
    fn fits(_text: &str) -> bool {
        true
    }
}

/// A name that follows the rule `R`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word<R> {
    text: Box<str>,
    rule: PhantomData<R>,
}

impl<R> Word<R> {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<R: Rule> FromStr for Word<R> {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let mut bytes = text.bytes();
        let fits = (R::MIN..=R::MAX).contains(&text.len())
            && bytes.next().is_some_and(|first| in_class(R::FIRST, first))
            && bytes.all(|byte| in_class(R::REST, byte))
            && R::fits(text);
        if fits { Ok(Self { text: text.into(), rule: PhantomData }) } else { Err(BadValue::new(R::EXPECTED)) }
    }
}

/// Whether a class such as `a-z0-9.-` holds a character. A hyphen is itself where it stands last.
fn in_class(class: &str, byte: u8) -> bool {
    let mut rest = class.as_bytes();
    loop {
        match rest {
            [] => return false,
            [low, b'-', high, tail @ ..] => {
                if (*low..=*high).contains(&byte) {
                    return true;
                }
                rest = tail;
            }
            [one, tail @ ..] => {
                if *one == byte {
                    return true;
                }
                rest = tail;
            }
        }
    }
}

impl<R> fmt::Display for Word<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<R> fmt::Debug for Word<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl<R> AsRef<str> for Word<R> {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl<R> Serialize for Word<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<R: Rule> JsonSchema for Word<R> {
    fn schema_name() -> Cow<'static, str> {
        R::NAME.into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let (first, rest) = (R::FIRST, R::REST);
        let (min, max) = (R::MIN - 1, R::MAX - 1);
        json_schema!({
            "type": "string",
            "pattern": format!("^[{first}][{rest}]{{{min},{max}}}$"),
        })
    }
}
