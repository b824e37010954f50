//! Documents as tests write them.

use corten_config::{Document, Format, Merged, Report, read};

/// Not a certificate of anybody: DER of an empty SEQUENCE in the right wrapping.
pub const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

/// The same as a key. The bytes are those of a word that tests look for.
pub const KEY: &str = "-----BEGIN PRIVATE KEY-----\nMAsMCWdlaGVpbW5pcw==\n-----END PRIVATE KEY-----\n";

/// What no text that is shown to anybody may hold: [`KEY`] between its armour.
pub const KEY_BYTES: &str = "MAsMCWdlaGVpbW5pcw";

pub fn document(name: &str, text: &str) -> Document {
    let format = Format::of_name(name).expect("tests name their documents well");
    Document { name: name.into(), format, text: text.into() }
}

pub fn toml(text: &str) -> Document {
    document("machine.toml", text)
}

pub fn yaml(text: &str) -> Document {
    document("machine.yaml", text)
}

/// What is read of a body below `version = 1`.
pub fn of(body: &str) -> Result<Merged, Report> {
    read(&[toml(&format!("version = 1\n{body}"))])
}

/// The same where nothing is wrong with it.
pub fn well(body: &str) -> Merged {
    of(body).unwrap_or_else(|report| panic!("{report}\n{body}"))
}

/// What is wrong with a body.
pub fn wrong(body: &str) -> String {
    of(body).map(drop).expect_err("something is wrong with it").to_string()
}

/// Everything that a document may hold.
pub fn full() -> String {
    include_str!("full.toml").replace("CERTIFICATE", CERTIFICATE).replace("KEY", KEY)
}

/// One problem is told of a body, and these words are in it.
pub fn refused(body: &str, words: &[&str]) {
    let report = wrong(body);
    let problems = report.lines().filter(|line| !line.starts_with("  help")).count();
    assert_eq!(problems, 1, "{report}\n{body}");
    for word in words {
        assert!(report.contains(word), "{word:?} is not in:\n{report}");
    }
}
