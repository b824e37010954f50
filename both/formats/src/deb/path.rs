//! Paths inside a package: what they have to look like so that unpacking never leaves its folder.

/// Longest path, bytes: that of Linux.
const MAX_LENGTH: usize = 4096;

/// Why a path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It starts at the root of the host.
    #[error("it is absolute")]
    Absolute,
    /// It leads out of the folder.
    #[error("it has a part \"..\"")]
    Parent,
    /// It is not UTF-8, as Debian's policy asks for.
    #[error("it is not UTF-8")]
    Encoding,
    /// It holds NUL.
    #[error("it holds a NUL byte")]
    Nul,
    /// It is longer than Linux allows, or a part is.
    #[error("it is longer than 4096 bytes, or one of its parts than 255")]
    Length,
}

/// Brings a path of a tar archive, `./usr/bin/` for example, into the form `usr/bin`. The root becomes empty.
pub fn relative(path: &[u8]) -> Result<String, PathError> {
    if path.starts_with(b"/") {
        return Err(PathError::Absolute);
    }
    if path.contains(&0) {
        return Err(PathError::Nul);
    }
    let text = std::str::from_utf8(path).map_err(|_| PathError::Encoding)?;
    let mut clean = String::with_capacity(text.len());
    for part in text.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if part == ".." {
            return Err(PathError::Parent);
        }
        if part.len() > 255 {
            return Err(PathError::Length);
        }
        if !clean.is_empty() {
            clean.push('/');
        }
        clean.push_str(part);
    }
    if clean.len() > MAX_LENGTH {
        return Err(PathError::Length);
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_get_one_form() {
        assert_eq!(relative(b"./usr//bin/./x").as_deref(), Ok("usr/bin/x"));
        assert_eq!(relative(b"./").as_deref(), Ok(""));
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        assert_eq!(relative(b"/etc/passwd"), Err(PathError::Absolute));
        assert_eq!(relative(b"./a/../../b"), Err(PathError::Parent));
        assert_eq!(relative(b"a\0b"), Err(PathError::Nul));
        assert_eq!(relative(b"a\xff"), Err(PathError::Encoding));
        assert_eq!(relative(&[b'a'; 256]), Err(PathError::Length));
    }
}
