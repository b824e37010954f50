//! Names of images, in the grammar of the Distribution project (`reference/reference.go`), which docker, podman and
//! containerd share.
//!
//! No registry is filled in: a name without one means an image of the recipe, or one that was imported.

use corten_document::BadValue;

use super::form::{Checked, Form};
use super::registry::is_registry;

/// The form of an [`ImageName`].
#[derive(Debug)]
pub enum ImageForm {}

/// Name of an image, with a tag or a digest or both: `registry.example.org:5000/web:1`.
pub type ImageName = Checked<ImageForm>;

/// Longest name without tag and digest, bytes: NameTotalLengthMax.
const LONGEST_NAME: usize = 255;

/// Longest tag, bytes.
const LONGEST_TAG: usize = 128;

impl Form for ImageForm {
    const NAME: &'static str = "ImageName";
    const PATTERN: &'static str = "^[a-z0-9\\[][A-Za-z0-9_./:\\[\\]-]*(@sha256:[0-9a-f]{64})?$";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "the name of an image, for example `registry.example.org/web:1`";
        let because = |why: &str| BadValue::new(format!("{EXPECTED}; {why}"));
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        if digest.is_some_and(|digest| !is_digest(digest)) {
            return Err(because("a digest is `sha256:` and 64 digits `0-9` and `a-f`"));
        }
        let (name, tag) = split_tag(named);
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return Err(because("a tag is made of characters `A-Z`, `a-z`, `0-9`, `_`, `.` and `-`"));
        }
        if is_name(name) {
            return Ok(text.to_owned());
        }
        let bare = name.split_once("://").map_or(name, |(_, rest)| rest).to_ascii_lowercase();
        Err(if is_name(&bare) {
            BadValue::or(EXPECTED, format!("{bare}{}", &text[name.len()..]))
        } else {
            BadValue::new(EXPECTED)
        })
    }
}

/// A name and its tag: what stands behind a colon that is not in front of a path.
fn split_tag(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (text, None),
    }
}

fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|digits| {
        digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST_TAG).contains(&text.len())
        && text.bytes().next().is_some_and(is_word)
        && text.bytes().all(|byte| is_word(byte) || b".-".contains(&byte))
}

/// Whether this is a path of an image with or without a registry. The first part is a registry where it can't be taken
/// for part of a path.
fn is_name(text: &str) -> bool {
    let path = match text.split_once('/') {
        Some((first, path)) if first.contains(['.', ':', '[']) || first == "localhost" => {
            if !is_registry(first) {
                return false;
            }
            path
        }
        _ => text,
    };
    text.len() <= LONGEST_NAME && path.split('/').all(is_component)
}

/// Letters and digits with one separator between each two runs of them: `.`, `_`, `__`, or hyphens.
fn is_component(text: &str) -> bool {
    let is_run = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_end = |byte: Option<u8>| byte.is_some_and(is_run);
    is_end(text.bytes().next())
        && is_end(text.bytes().last())
        && text.split(|c: char| c.is_ascii() && is_run(c as u8)).all(|between| {
            matches!(between, "" | "." | "_" | "__") || between.bytes().all(|byte| byte == b'-')
        })
}
