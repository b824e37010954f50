//! The file `Release`, which a suite is described and signed by: its names, dates, and hashes of its indexes.

use std::collections::BTreeMap;

use super::packages::{is_safe, parse_sha256};
use super::paragraph::{ParagraphError, parse};
use super::time::parse_date;

/// Most files that one `Release` can list. That of a stable suite lists about 650.
const MAX_FILES: usize = 100_000;

/// Hash and size of an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexFile {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// What a suite says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Who publishes it: `Debian`.
    pub origin: String,
    /// Name of the archive: `Debian`, `Debian-Security`.
    pub label: String,
    /// Name by role: `stable`, `stable-security`.
    pub suite: String,
    /// Name for good: `trixie`, `trixie-security`.
    pub codename: String,
    /// When it was published, seconds since 1970.
    pub date: i64,
    /// Until when it can be used, seconds since 1970.
    pub valid_until: Option<i64>,
    /// Whether indexes lie under their hashes, too: the field `Acquire-By-Hash`.
    pub by_hash: bool,
    /// Components without a leading `updates/`.
    pub components: Vec<String>,
    /// Architectures.
    pub architectures: Vec<String>,
    /// Indexes by path from the suite's folder: `main/binary-amd64/Packages.xz`.
    pub files: BTreeMap<String, IndexFile>,
}

/// Why a text is not a `Release` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// The text is not made of fields.
    #[error(transparent)]
    Paragraph(#[from] ParagraphError),
    /// The file has no paragraph or several.
    #[error("expected one paragraph, found {0}")]
    Count(usize),
    /// Neither Suite nor Codename.
    #[error("it has neither Suite nor Codename")]
    Unnamed,
    /// A date is missing.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A date can't be read.
    #[error("the field {field} is {text:?}: expected a date like Sat, 21 Nov 2026 09:15:44 UTC")]
    Date {
        /// Name of the field.
        field: &'static str,
        /// Its value.
        text: String,
    },
    /// A line of the list of files can't be read.
    #[error("in the field SHA256: {0:?} is not a file: expected HASH SIZE PATH")]
    File(String),
    /// More files than are read.
    #[error("it lists more than {MAX_FILES} files")]
    TooMany,
}

impl Release {
    /// Reads a `Release` file, or the signed text of an `InRelease` file.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let paragraphs = parse(text)?;
        let [paragraph] = &paragraphs[..] else { return Err(ReleaseError::Count(paragraphs.len())) };
        let word = |name| paragraph.get(name).unwrap_or_default().to_owned();
        let words = |name| paragraph.get(name).unwrap_or_default().split_whitespace();
        let date = |field: &'static str| {
            let read = |text: &str| {
                parse_date(text).ok_or_else(|| ReleaseError::Date { field, text: text.to_owned() })
            };
            paragraph.get(field).map(read).transpose()
        };
        let release = Self {
            origin: word("Origin"),
            label: word("Label"),
            suite: word("Suite"),
            codename: word("Codename"),
            date: date("Date")?.ok_or(ReleaseError::Missing("Date"))?,
            valid_until: date("Valid-Until")?,
            by_hash: paragraph.get("Acquire-By-Hash") == Some("yes"),
            components: words("Components")
                .map(|name| name.rsplit('/').next().unwrap_or(name).to_owned())
                .collect(),
            architectures: words("Architectures").map(str::to_owned).collect(),
            files: files(paragraph.get("SHA256").unwrap_or_default())?,
        };
        if release.suite.is_empty() && release.codename.is_empty() {
            return Err(ReleaseError::Unnamed);
        }
        Ok(release)
    }

    /// Whether the suite goes by this name.
    pub fn is_named(&self, suite: &str) -> bool {
        self.suite == suite || self.codename == suite
    }
}

fn files(field: &str) -> Result<BTreeMap<String, IndexFile>, ReleaseError> {
    let mut files = BTreeMap::new();
    for line in field.lines().filter(|line| !line.trim().is_empty()) {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let file = match parts[..] {
            [hash, size, path] if is_safe(path) => parse_sha256(hash)
                .zip(size.parse().ok())
                .map(|(sha256, size)| (path, IndexFile { size, sha256 })),
            _ => None,
        };
        let (path, file) = file.ok_or_else(|| ReleaseError::File(line.trim().chars().take(120).collect()))?;
        files.insert(path.to_owned(), file);
        if files.len() > MAX_FILES {
            return Err(ReleaseError::TooMany);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> String {
        format!(
            "Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 21 Nov 2026 09:15:44 UTC\n\
             Acquire-By-Hash: yes\nComponents: updates/main contrib\nArchitectures: all amd64\nMD5Sum:\n x 1 y\n\
             SHA256:\n {} 12 main/binary-amd64/Packages.xz\n",
            "0f".repeat(32)
        )
    }

    #[test]
    fn names_dates_and_files_are_read() {
        let release = Release::parse(&text()).expect("a release");
        assert!(release.is_named("trixie") && release.is_named("stable") && !release.is_named("sid"));
        assert_eq!((release.date, release.valid_until, release.by_hash), (1_795_252_544, None, true));
        assert_eq!(release.components, ["main", "contrib"]);
        let file = release.files["main/binary-amd64/Packages.xz"];
        assert_eq!(file, IndexFile { size: 12, sha256: [0x0f; 32] });
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let cases = [
            String::new(),
            text().replace("Suite: stable\nCodename: trixie\n", ""),
            text().replace("Date: Sat, 21 Nov 2026 09:15:44 UTC\n", ""),
            text().replace("21 Nov", "21 Foo"),
            text().replace("main/binary-amd64", "../x"),
            text().replace(" 12 ", " many "),
        ];
        let reasons: Vec<String> =
            cases.iter().map(|text| Release::parse(text).expect_err(text).to_string()).collect();
        insta::assert_snapshot!(reasons.join("\n"), @r#"
        expected one paragraph, found 0
        it has neither Suite nor Codename
        the field Date is missing
        the field Date is "Sat, 21 Foo 2026 09:15:44 UTC": expected a date like Sat, 21 Nov 2026 09:15:44 UTC
        in the field SHA256: "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f 12 ../x/Packages.xz" is not a file: expected HASH SIZE PATH
        in the field SHA256: "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f many main/binary-amd64/Packages.xz" is not a file: expected HASH SIZE PATH
        "#);
    }
}
