//! Documents in JSON, bounded in size, depth and number of values before anything is made of them.

use serde::de::DeserializeOwned;

use crate::limits;

/// Why a document can't be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Too many bytes.
    #[error("it has more than {} bytes", limits::DOCUMENT)]
    Size,
    /// Too many levels.
    #[error("it is nested more than {} levels deep", limits::DEPTH)]
    Depth,
    /// Too many values.
    #[error("it has more than {} values", limits::VALUES)]
    Values,
    /// Not JSON, or not of that shape.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// Both a manifest and an index, which readers would take for different things (CVE-2021-41190).
    #[error("it is a manifest and an index at the same time")]
    Ambiguous,
    /// Something in it that the specification does not allow, or that is not supported.
    #[error("{0}")]
    Content(String),
}

/// Reads a document that is an object.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DocumentError> {
    // Serde would take a list of the values of the fields for an object too.
    starting(bytes, b'{', "an object")
}

/// Reads a document that is a list.
pub fn parse_list<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, DocumentError> {
    starting(bytes, b'[', "a list")
}

fn starting<T: DeserializeOwned>(bytes: &[u8], start: u8, what: &str) -> Result<T, DocumentError> {
    bounded(bytes)?;
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(first) if *first != start => Err(DocumentError::Content(format!("it is not {what}"))),
        _ => Ok(serde_json::from_slice(bytes)?),
    }
}

/// Writes a document: the same value, the same bytes, since all maps are sorted.
pub fn write<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("keys are texts and nothing in our types fails to be written")
}

/// Counts without understanding: brackets and commas outside of texts.
fn bounded(bytes: &[u8]) -> Result<(), DocumentError> {
    if bytes.len() as u64 > limits::DOCUMENT {
        return Err(DocumentError::Size);
    }
    let (mut depth, mut values) = (0_usize, 0_usize);
    let mut bytes = bytes.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => (depth, values) = (depth + 1, values + 1),
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > limits::DEPTH {
            return Err(DocumentError::Depth);
        }
        if values > limits::VALUES {
            return Err(DocumentError::Values);
        }
    }
    Ok(())
}

/// For fields that others write as `null` where they have nothing.
pub(crate) fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, DocumentError> {
        parse_list(bytes)
    }

    #[test]
    fn depth_and_number_are_bounded_and_texts_do_not_count() {
        let nested = |levels| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse::<serde_json::Value>(nested(limits::DEPTH).as_bytes()).is_ok());
        let error = parse::<serde_json::Value>(nested(limits::DEPTH + 1).as_bytes());
        assert!(matches!(error, Err(DocumentError::Depth)));
        let text = serde_json::to_vec(&["[{\\\",".repeat(100_000)]).expect("a text");
        assert!(parse::<String>(&text).is_ok());
        let many = format!("[{}0]", "0,".repeat(limits::VALUES));
        assert!(matches!(parse::<u8>(many.as_bytes()), Err(DocumentError::Values)));
        let large = vec![b' '; limits::DOCUMENT as usize + 1];
        assert!(matches!(parse::<u8>(&large), Err(DocumentError::Size)));
    }

    #[test]
    fn a_list_is_no_object() {
        #[derive(serde::Deserialize)]
        struct Number {
            number: u8,
        }
        assert_eq!(super::parse::<Number>(b" {\"number\":1}").expect("an object").number, 1);
        assert!(super::parse::<Number>(b"[1]").is_err());
        assert!(parse::<Number>(b"{\"number\":1}").is_err());
    }
}
