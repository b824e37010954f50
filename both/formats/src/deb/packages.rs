//! The index `Packages`: one paragraph for each package of a suite, component and architecture.
//!
//! An index has some 56 MB and 70,000 paragraphs, of which a build needs a hundred. So reading it only finds
//! where each package stands and what it provides; a paragraph is read in full when it is asked for.

use std::collections::HashMap;

use rayon::prelude::*;

use super::control::{Control, ControlError};
use super::paragraph::{ParagraphError, parse};

/// Most packages in one index.
const MAX_PACKAGES: usize = 2_000_000;

/// Work is divided into pieces of about this many bytes, few enough to keep both ends cheap.
const PIECE: usize = 1 << 20;

/// An index of packages that can be searched.
#[derive(Debug, Default)]
pub struct Packages {
    text: String,
    names: HashMap<Box<str>, Vec<Span>>,
    providers: HashMap<Box<str>, Vec<Span>>,
    count: usize,
}

/// Where a paragraph stands in the text.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

/// One package of an index: its control fields, and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Control fields.
    pub control: Control,
    /// Path of the file from the root of the archive, `pool/main/c/crun/…`.
    pub filename: String,
    /// Size of the file, bytes.
    pub size: u64,
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
}

/// Why an index can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackagesError {
    /// Text in another encoding.
    #[error("the index is not UTF-8")]
    Encoding,
    /// More packages than are read.
    #[error("the index has more than {MAX_PACKAGES} packages")]
    TooMany,
    /// A paragraph that is not one.
    #[error("in the paragraph of {package}: {source}")]
    Paragraph {
        /// Package that the paragraph is about.
        package: String,
        /// What is wrong.
        source: ParagraphError,
    },
    /// Control fields that can't be read.
    #[error("in the paragraph of {package}: {source}")]
    Control {
        /// Package that the paragraph is about.
        package: String,
        /// What is wrong.
        source: ControlError,
    },
    /// A field that only an index has is missing or has no sense.
    #[error("in the paragraph of {package}: the field {field} is missing or wrong")]
    Field {
        /// Package that the paragraph is about.
        package: String,
        /// Name of the field.
        field: &'static str,
    },
}

/// What the first pass finds in a paragraph.
struct Found<'a> {
    span: Span,
    name: &'a str,
    provides: Vec<&'a str>,
}

impl Packages {
    /// Reads an index.
    pub fn parse(text: Vec<u8>) -> Result<Self, PackagesError> {
        let text = String::from_utf8(text).map_err(|_| PackagesError::Encoding)?;
        let pieces: Vec<Vec<Found<'_>>> =
            pieces(&text).into_par_iter().map(|span| scan(&text, span)).collect();
        let count = pieces.iter().map(Vec::len).sum();
        if count > MAX_PACKAGES {
            return Err(PackagesError::TooMany);
        }
        let mut names: HashMap<Box<str>, Vec<Span>> = HashMap::with_capacity(count);
        let mut providers: HashMap<Box<str>, Vec<Span>> = HashMap::new();
        for found in pieces.into_iter().flatten() {
            for provided in found.provides {
                providers.entry(provided.into()).or_default().push(found.span);
            }
            names.entry(found.name.into()).or_default().push(found.span);
        }
        Ok(Self { text, names, providers, count })
    }

    /// Number of packages.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is no package.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The versions of a package, in the order of the index.
    pub fn named(&self, name: &str) -> Result<Vec<Record>, PackagesError> {
        self.records(self.names.get(name))
    }

    /// Packages that provide a virtual package, in the order of the index.
    pub fn providing(&self, name: &str) -> Result<Vec<Record>, PackagesError> {
        self.records(self.providers.get(name))
    }

    /// Names of all packages, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(AsRef::as_ref)
    }

    fn records(&self, spans: Option<&Vec<Span>>) -> Result<Vec<Record>, PackagesError> {
        spans.into_iter().flatten().map(|span| Record::parse(&self.text[span.start..span.end])).collect()
    }
}

impl Record {
    /// Reads one paragraph of an index.
    pub fn parse(text: &str) -> Result<Self, PackagesError> {
        let package =
            text.split_once("Package:").map_or("", |(_, rest)| rest.lines().next().unwrap_or("").trim());
        let package = || package.chars().take(80).collect::<String>();
        let paragraphs =
            parse(text).map_err(|source| PackagesError::Paragraph { package: package(), source })?;
        let first = paragraphs.first().cloned().unwrap_or_default();
        let control = Control::from_paragraph(&first)
            .map_err(|source| PackagesError::Control { package: package(), source })?;
        let field = |field| PackagesError::Field { package: package(), field };
        let filename = first.get("Filename").filter(|path| is_safe(path)).ok_or_else(|| field("Filename"))?;
        let size = first.get("Size").and_then(|size| size.parse().ok()).ok_or_else(|| field("Size"))?;
        let sha256 = first.get("SHA256").and_then(parse_sha256).ok_or_else(|| field("SHA256"))?;
        Ok(Self { control, filename: filename.to_owned(), size, sha256 })
    }
}

/// Whether a path leads from the root of an archive to a file below it, in characters that need no escape.
pub fn is_safe(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+-._~:%/@,=".contains(&b);
    path.len() <= 1024
        && path.bytes().all(plain)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// Reads 64 hexadecimal digits.
pub fn parse_sha256(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |b: u8| (b as char).to_digit(16);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(bytes)
}

/// Divides the text between paragraphs into pieces of about [`PIECE`] bytes.
fn pieces(text: &str) -> Vec<Span> {
    let mut pieces = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let wanted = (start + PIECE).min(text.len());
        let end = memchr::memmem::find(&text.as_bytes()[wanted..], b"\n\n")
            .map_or(text.len(), |at| wanted + at + 2);
        pieces.push(Span { start, end });
        start = end;
    }
    pieces
}

/// Finds name and provided names of every paragraph in a piece.
fn scan(text: &str, piece: Span) -> Vec<Found<'_>> {
    let mut all = Vec::new();
    let mut start = piece.start;
    while start < piece.end {
        let rest = &text.as_bytes()[start..piece.end];
        let end = memchr::memmem::find(rest, b"\n\n").map_or(piece.end, |at| start + at + 1);
        let paragraph = &text[start..end];
        if let Some(name) = field(paragraph, "Package:") {
            let provides = field(paragraph, "Provides:").map(provided).unwrap_or_default();
            all.push(Found { span: Span { start, end }, name, provides });
        }
        start = end + 1;
    }
    all
}

/// Value of a field without continuation lines, which neither names nor the archive's `Provides` have.
fn field<'a>(paragraph: &'a str, name: &str) -> Option<&'a str> {
    let bytes = paragraph.as_bytes();
    let mut at = 0;
    loop {
        let line = &bytes[at..];
        let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
        if line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name.as_bytes()) {
            return Some(paragraph[at + name.len()..at + end].trim());
        }
        at += end + 1;
        if at >= bytes.len() {
            return None;
        }
    }
}

fn provided(field: &str) -> Vec<&str> {
    field.split(',').filter_map(|entry| entry.split([' ', '(', ':']).find(|part| !part.is_empty())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paragraph(name: &str, version: &str, more: &str) -> String {
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: all\n{more}Filename: pool/{name}_{version}.deb\n\
             Size: 7\nSHA256: {}\n\n",
            "ab".repeat(32)
        )
    }

    #[test]
    fn packages_are_found_by_name_and_by_what_they_provide() {
        let text = paragraph("a", "1", "Provides: v (= 2), w\n")
            + &paragraph("b", "1", "")
            + &paragraph("a", "2", "");
        let index = Packages::parse(text.into_bytes()).expect("an index");
        assert_eq!(index.len(), 3);
        let versions: Vec<String> = index
            .named("a")
            .expect("records")
            .iter()
            .map(|record| record.control.version.to_string())
            .collect();
        assert_eq!(versions, ["1", "2"]);
        assert_eq!(index.providing("v").expect("records")[0].filename, "pool/a_1.deb");
        assert_eq!(index.providing("w").expect("records").len(), 1);
        assert!(index.named("c").expect("records").is_empty());
    }

    #[test]
    fn an_index_of_many_pieces_loses_no_package() {
        let long = format!("Description: {}\n", "x".repeat(3_000));
        let text: String = (0..2_000).map(|n| paragraph(&format!("p{n}"), "1", &long)).collect();
        let index = Packages::parse(text.into_bytes()).expect("an index");
        assert_eq!(index.len(), 2_000);
        assert!((0..2_000).all(|n| index.named(&format!("p{n}")).is_ok_and(|records| records.len() == 1)));
    }

    #[test]
    fn wrong_fields_are_named_when_a_package_is_asked_for() {
        let good = paragraph("a", "1", "");
        let cases = [
            good.replace("Size: 7", "Size: x"),
            good.replace("ab", "xy"),
            good.replace("pool/", "/pool/"),
            good.replace("pool/", "pool/../"),
            good.replace("Version: 1", "Version: x"),
        ];
        let reasons: Vec<String> =
            cases.iter().map(|text| Record::parse(text).expect_err(text).to_string()).collect();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        in the paragraph of a: the field Size is missing or wrong
        in the paragraph of a: the field SHA256 is missing or wrong
        in the paragraph of a: the field Filename is missing or wrong
        in the paragraph of a: the field Filename is missing or wrong
        in the paragraph of a: in the field Version: "x" is not a version: the upstream version does not start with a digit
        "#);
    }
}
