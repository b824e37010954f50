//! The control fields of a binary package (deb-control(5)), from a package or from an index of packages.

use super::paragraph::{Paragraph, ParagraphError, parse};
use super::relation::{Alternatives, RelationError, is_name, parse_relations};
use super::version::{Version, VersionError};

/// Where a binary package was built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name of the source package.
    pub name: String,
    /// Its version, which can differ from that of the binary package.
    pub version: String,
}

/// What a package says of itself, as far as a builder needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Name.
    pub package: String,
    /// Version.
    pub version: Version,
    /// Architecture, or `all`.
    pub architecture: String,
    /// Source package.
    pub source: Source,
    /// What has to be there before the package is unpacked.
    pub pre_depends: Vec<Alternatives>,
    /// What the package needs.
    pub depends: Vec<Alternatives>,
    /// Virtual packages that it is, too.
    pub provides: Vec<Alternatives>,
    /// What can't be installed at the same time.
    pub conflicts: Vec<Alternatives>,
    /// What it breaks.
    pub breaks: Vec<Alternatives>,
    /// Estimated size once unpacked, KiB; 0 where it is not given.
    pub installed_size: u64,
}

/// Why fields are not the control fields of a package.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The text is not made of fields.
    #[error(transparent)]
    Paragraph(#[from] ParagraphError),
    /// The file has no paragraph or several.
    #[error("expected one paragraph, found {0}")]
    Count(usize),
    /// A field that every package has is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// The name is none.
    #[error("{0:?} is not a package name: expected letters, digits and + - .")]
    Name(String),
    /// The version is none.
    #[error("in the field Version: {0}")]
    Version(VersionError),
    /// A relation field can't be read.
    #[error("in the field {field}: {source}")]
    Relation {
        /// Name of the field.
        field: &'static str,
        /// What is wrong with it.
        source: RelationError,
    },
}

impl Control {
    /// Reads the file `control` of a package.
    pub fn parse(text: &str) -> Result<Self, ControlError> {
        match &parse(text)?[..] {
            [paragraph] => Self::from_paragraph(paragraph),
            other => Err(ControlError::Count(other.len())),
        }
    }

    /// Takes the fields of a paragraph.
    pub fn from_paragraph(paragraph: &Paragraph<'_>) -> Result<Self, ControlError> {
        let required =
            |name| paragraph.get(name).filter(|value| !value.is_empty()).ok_or(ControlError::Missing(name));
        let package = required("Package")?.to_owned();
        if !is_name(&package) {
            return Err(ControlError::Name(package));
        }
        let version = Version::parse(required("Version")?).map_err(ControlError::Version)?;
        let architecture = required("Architecture")?.to_owned();
        if !is_name(&architecture) {
            return Err(ControlError::Name(architecture));
        }
        let relations = |field: &'static str| {
            parse_relations(paragraph.get(field).unwrap_or_default())
                .map_err(|source| ControlError::Relation { field, source })
        };
        Ok(Self {
            source: source(paragraph.get("Source"), &package, &version)?,
            pre_depends: relations("Pre-Depends")?,
            depends: relations("Depends")?,
            provides: relations("Provides")?,
            conflicts: relations("Conflicts")?,
            breaks: relations("Breaks")?,
            installed_size: paragraph.get("Installed-Size").and_then(|size| size.parse().ok()).unwrap_or(0),
            package,
            version,
            architecture,
        })
    }
}

/// `Source: name` or `Source: name (version)`; without it, source and binary share name and version.
fn source(field: Option<&str>, package: &str, version: &Version) -> Result<Source, ControlError> {
    let Some(field) = field else {
        return Ok(Source { name: package.to_owned(), version: version.to_string() });
    };
    let (name, own) = match field.split_once('(') {
        Some((name, own)) => (name.trim(), own.trim_end_matches(')').trim().to_owned()),
        None => (field.trim(), version.to_string()),
    };
    if !is_name(name) {
        return Err(ControlError::Name(name.to_owned()));
    }
    Version::parse(&own).map_err(ControlError::Version)?;
    Ok(Source { name: name.to_owned(), version: own })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Package: crun\nSource: crun-src (1.2-1)\nVersion: 1.2-1+b1\nArchitecture: amd64\n\
        Depends: libc6 (>= 2.38), a | b\nProvides: runtime (= 1)\nInstalled-Size: 12\nDescription: x\n y\n";

    #[test]
    fn the_fields_of_a_package_are_read() {
        let control = Control::parse(TEXT).expect("control fields");
        assert_eq!((control.package.as_str(), control.version.as_str()), ("crun", "1.2-1+b1"));
        assert_eq!(control.source, Source { name: "crun-src".into(), version: "1.2-1".into() });
        assert_eq!((control.depends.len(), control.depends[1].0.len()), (2, 2));
        assert_eq!((control.provides.len(), control.installed_size), (1, 12));
    }

    #[test]
    fn without_a_source_field_the_package_is_its_own_source() {
        let control = Control::parse("Package: a\nVersion: 1\nArchitecture: all\n").expect("control fields");
        assert_eq!(control.source, Source { name: "a".into(), version: "1".into() });
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let cases = [
            "",
            "Package: a\n",
            "Package: ../a\nVersion: 1\nArchitecture: all\n",
            "Package: a\nVersion: x\nArchitecture: all\n",
            "Package: a\nVersion: 1\nArchitecture: all\nDepends: b (1)\n",
        ];
        let reasons: Vec<String> = cases.map(|text| Control::parse(text).expect_err(text).to_string()).into();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        expected one paragraph, found 0
        the field Version is missing
        "../a" is not a package name: expected letters, digits and + - .
        in the field Version: "x" is not a version: the upstream version does not start with a digit
        in the field Depends: "b (1)" is not a relation: expected NAME, NAME (>= VERSION) or A | B
        "#);
    }
}
