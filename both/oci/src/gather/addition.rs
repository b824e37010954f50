//! What goes where: `LOCAL:/IN/IMAGE[:MODE]`.

use std::path::PathBuf;
use std::str::FromStr;

use crate::layer::normal;

/// A file or folder, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    /// Where it is.
    pub local: PathBuf,
    /// Where it goes.
    pub place: Place,
    /// Permissions of files, in place of those that they have.
    pub mode: Option<u16>,
}

/// Where something goes: paths without a leading slash, empty for the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To this path.
    At(Vec<u8>),
    /// A file into this folder, under its own name; a folder itself to this path. Written with a slash at the end.
    Into(Vec<u8>),
}

/// A text that says nothing of that kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdditionError {
    /// It has no place.
    #[error("expected LOCAL:/IN/IMAGE or LOCAL:/IN/IMAGE:MODE")]
    Form,
    /// The place is none.
    #[error("{0:?} is no path in an image")]
    Place(String),
    /// The mode is none.
    #[error("{0:?} is no mode: expected up to four octal digits")]
    Mode(String),
}

impl FromStr for Addition {
    type Err = AdditionError;

    fn from_str(text: &str) -> Result<Self, AdditionError> {
        let at = text.find(":/").filter(|at| *at > 0).ok_or(AdditionError::Form)?;
        let (local, rest) = (&text[..at], &text[at + 1..]);
        let (place, mode) = match rest.rsplit_once(':') {
            Some((place, mode)) => (place, Some(octal(mode)?)),
            None => (rest, None),
        };
        let path = normal(place.as_bytes()).map_err(|_| AdditionError::Place(place.to_owned()))?;
        let place = if place.ends_with('/') { Place::Into(path) } else { Place::At(path) };
        Ok(Self { local: local.into(), place, mode })
    }
}

fn octal(text: &str) -> Result<u16, AdditionError> {
    let is_octal =
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let mode = u16::from_str_radix(text, 8).ok().filter(|_| is_octal);
    mode.ok_or_else(|| AdditionError::Mode(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(PathBuf, Place, Option<u16>), AdditionError> {
        let Addition { local, place, mode } = text.parse()?;
        Ok((local, place, mode))
    }

    fn at(path: &str) -> Place {
        Place::At(path.into())
    }

    #[test]
    fn a_file_goes_to_a_path_or_into_a_folder() {
        assert_eq!(parse("x:/usr/bin/y"), Ok(("x".into(), at("usr/bin/y"), None)));
        assert_eq!(parse("a:b/x:/y:4755"), Ok(("a:b/x".into(), at("y"), Some(0o4755))));
        assert_eq!(parse("a/x:/usr/bin/"), Ok(("a/x".into(), Place::Into(b"usr/bin".to_vec()), None)));
        assert_eq!(parse("/a/x:/"), Ok(("/a/x".into(), Place::Into(Vec::new()), None)));
    }

    #[test]
    fn what_has_no_place_is_refused() {
        for text in ["", "x", ":/y", "x:y"] {
            assert_eq!(parse(text), Err(AdditionError::Form), "{text}");
        }
        assert!(matches!(parse("x:/../y"), Err(AdditionError::Place(_))));
        assert!(matches!(parse("x:/y:"), Err(AdditionError::Mode(_))));
        assert!(matches!(parse("x:/y:888"), Err(AdditionError::Mode(_))));
        assert!(matches!(parse("x:/y:07777"), Err(AdditionError::Mode(_))));
    }
}
