//! The outer form of a package (deb(5)): which members an `ar` archive has to have, and how they are compressed.

use std::ops::Range;

use super::ar::{ArError, members};

/// How a member is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all: `.tar`
    None,
    /// `.tar.gz`
    Gzip,
    /// `.tar.xz`
    Xz,
    /// `.tar.zst`
    Zstd,
}

/// A compressed tar archive within a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its compression.
    pub compression: Compression,
    /// Where it lies in the package.
    pub data: Range<usize>,
}

/// Where the two parts of a package lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Control file, scripts.
    pub control: Part,
    /// The files.
    pub data: Part,
}

/// Why a file is not a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Not an `ar` archive.
    #[error(transparent)]
    Ar(#[from] ArError),
    /// The first member is not the format's version, or a version other than 2.
    #[error("its first member is not debian-binary with version 2")]
    Version,
    /// A part is missing.
    #[error("it has no member {0}")]
    Missing(&'static str),
    /// A part stands twice.
    #[error("it has two members {0}")]
    Twice(&'static str),
    /// A compression that is not known.
    #[error("the member {0:?} is compressed in a way that is not known: expected .xz, .zst, .gz or none")]
    Compression(String),
}

/// Finds the parts of a package.
pub fn layout(package: &[u8]) -> Result<Layout, LayoutError> {
    let members = members(package)?;
    let first = members.first().filter(|first| first.name == "debian-binary");
    if !first.is_some_and(|first| package[first.data.clone()].starts_with(b"2.")) {
        return Err(LayoutError::Version);
    }
    let part = |prefix: &'static str| {
        let mut found = members.iter().filter(|member| member.name.starts_with(prefix));
        let member = found.next().ok_or(LayoutError::Missing(prefix))?;
        if found.next().is_some() {
            return Err(LayoutError::Twice(prefix));
        }
        let compression = match &member.name[prefix.len()..] {
            "" => Compression::None,
            ".gz" => Compression::Gzip,
            ".xz" => Compression::Xz,
            ".zst" => Compression::Zstd,
            _ => return Err(LayoutError::Compression(member.name.clone())),
        };
        Ok(Part { compression, data: member.data.clone() })
    };
    Ok(Layout { control: part("control.tar")?, data: part("data.tar")? })
}

#[cfg(test)]
mod tests {
    use super::super::ar::write;
    use super::*;

    #[test]
    fn the_parts_and_their_compression_are_found() {
        let package = write(&[("debian-binary", b"2.0\n"), ("control.tar.zst", b"c"), ("data.tar", b"data")]);
        let layout = layout(&package).expect("a package");
        assert_eq!(
            (layout.control.compression, layout.data.compression),
            (Compression::Zstd, Compression::None)
        );
        assert_eq!(&package[layout.data.data], b"data");
    }

    #[test]
    fn what_is_no_package_is_told_why() {
        let v: (&str, &[u8]) = ("debian-binary", b"2.0\n");
        let cases = [
            b"nothing".to_vec(),
            write(&[]),
            write(&[("debian-binary", b"3.0\n")]),
            write(&[v, ("control.tar", b"")]),
            write(&[v, ("control.tar", b""), ("control.tar.gz", b""), ("data.tar", b"")]),
            write(&[v, ("control.tar.lzma", b""), ("data.tar", b"")]),
        ];
        let reasons: Vec<String> =
            cases.iter().map(|case| layout(case).expect_err("none").to_string()).collect();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        it does not start with !<arch>
        its first member is not debian-binary with version 2
        its first member is not debian-binary with version 2
        it has no member data.tar
        it has two members control.tar
        the member "control.tar.lzma" is compressed in a way that is not known: expected .xz, .zst, .gz or none
        "#);
    }
}
