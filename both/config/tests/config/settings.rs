//! What is decided of a whole document, the schema, and the document that people start from.

use crate::common::{full, well};
use corten_config::{Document, Format, Settings, read, schema_text, starting_document};

#[test]
fn a_whole_document_is_decided() {
    let merged = read(&[Document { name: "full.toml".into(), format: Format::Toml, text: full() }])
        .unwrap_or_else(|report| panic!("{report}"));
    let text = serde_json::to_string_pretty(merged.settings()).expect("settings are data");
    insta::assert_snapshot!(text);
    let back: Settings = serde_json::from_str(&text).expect("what is written is read");
    assert_eq!(&back, merged.settings());
}

#[test]
fn nothing_is_a_configuration_too() {
    assert_eq!(read(&[]).expect("nothing is wrong with nothing").settings(), &Settings::default());
    assert_eq!(well("").settings(), &Settings::default());
}

#[test]
fn the_schema_that_is_checked_in_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/machine.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, schema_text()).expect("the schema can be written");
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == schema_text(), "write it anew: UPDATE_SCHEMA=1 cargo test -p corten-config schema");
}

#[test]
fn the_starting_document_is_a_configuration_with_and_without_its_comments() {
    let name = "web-7".parse().expect("it is a name");
    let of = |text: String| read(&[Document { name: "new.toml".into(), format: Format::Toml, text }]);
    let plain = of(starting_document(None)).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(plain.settings().identity.hostname, None);
    let named = of(starting_document(Some(&name))).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(named.settings().identity.hostname.as_deref(), Some("web-7"));
    // What is commented out is right as well, but for what it leaves to the reader.
    let words = starting_document(None).lines().fold(String::new(), |text, line| {
        let bare = line.strip_prefix("# ").or(line.strip_prefix('#')).unwrap_or(line);
        let is_prose = bare != line
            && (bare.starts_with(char::is_uppercase)
                || bare.starts_with(' ')
                || bare.starts_with("one value"));
        text + if is_prose { "" } else { bare } + "\n"
    });
    let words = words
        .replace("...", "MAA=")
        .replace("[network.bonds", "[network.links.left]\nmatch = { name = \"l\" }\n[network.links.right]\nmatch = { name = \"r\" }\n[network.bonds");
    let whole = of(words.clone()).unwrap_or_else(|report| panic!("{report}\n{words}"));
    assert_eq!(whole.settings().network.links.len(), 7);
    assert_eq!(
        whole.settings().logging.len() + whole.settings().health.len() + whole.settings().storage.len(),
        3
    );
    let containers = &whole.settings().containers;
    assert_eq!(
        (containers.workloads.len(), containers.registries.len(), containers.secrets.len()),
        (2, 1, 1)
    );
}
