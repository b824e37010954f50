//! Paths of a layer: one form, below the root.

use crate::limits;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It leads out of the layer.
    #[error("it has a part \"..\"")]
    Parent,
    /// It holds NUL.
    #[error("it holds a NUL byte")]
    Nul,
    /// It is longer than Linux allows, or a part is.
    #[error("it is longer than {} bytes, or one of its parts than {}", limits::PATH, limits::PART)]
    Length,
    /// It is the root, or nothing at all.
    #[error("it names nothing")]
    Empty,
}

/// Brings a path, `./usr/bin/` or `/usr/bin` for example, into the form `usr/bin`. The root becomes empty.
pub fn normal(path: &[u8]) -> Result<Vec<u8>, PathError> {
    if path.contains(&0) {
        return Err(PathError::Nul);
    }
    let mut clean = Vec::with_capacity(path.len());
    for part in path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if part == b".." {
            return Err(PathError::Parent);
        }
        if part.len() > limits::PART {
            return Err(PathError::Length);
        }
        if !clean.is_empty() {
            clean.push(b'/');
        }
        clean.extend_from_slice(part);
    }
    if clean.len() >= limits::PATH {
        return Err(PathError::Length);
    }
    Ok(clean)
}

/// The paths above a normal one, the nearest first, without the root.
pub fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().rev().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

/// Where the last part begins.
pub fn name_at(path: &[u8]) -> usize {
    path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_get_one_form() {
        for path in ["usr/bin/x", "./usr//bin/./x", "/usr/bin/x", "//usr/bin/x/", "usr/bin/x/."] {
            assert_eq!(normal(path.as_bytes()).as_deref(), Ok(&b"usr/bin/x"[..]), "{path}");
        }
        assert_eq!(normal(b"./").as_deref(), Ok(&b""[..]));
        assert_eq!(normal(b"a\xff").as_deref(), Ok(&b"a\xff"[..]));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        assert_eq!(normal(b"./a/../../b"), Err(PathError::Parent));
        assert_eq!(normal(b".."), Err(PathError::Parent));
        assert_eq!(normal(b"a\0b"), Err(PathError::Nul));
        assert_eq!(normal(&[b'a'; 256]), Err(PathError::Length));
        assert_eq!(normal(&b"a/".repeat(3000)), Err(PathError::Length));
    }

    #[test]
    fn the_paths_above_are_all_directories_of_it() {
        assert_eq!(above(b"a/b/c").collect::<Vec<_>>(), [&b"a/b"[..], b"a"]);
        assert_eq!(above(b"a").count(), 0);
    }

    proptest! {
        #[test]
        fn a_normal_path_is_its_own_form(path in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(clean) = normal(&path) {
                prop_assert_eq!(normal(&clean), Ok(clean.clone()));
                prop_assert!(!clean.starts_with(b"/"));
                prop_assert!(clean.split(|byte| *byte == b'/').all(|part| part != b".."));
            }
        }
    }
}
