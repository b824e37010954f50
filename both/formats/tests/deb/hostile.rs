//! No bytes make a reader panic, and what is accepted is safe.

use bytes::Bytes;
use corten_formats::deb::packages::{Packages, Record};
use corten_formats::deb::relation::{Relation, parse_relations};
use corten_formats::deb::release::Release;
use corten_formats::deb::tar::{Entry, Limits, read};
use corten_formats::deb::version::Version;
use corten_formats::deb::{ar, control, package, paragraph, path};
use proptest::prelude::*;

use crate::tar::block;

/// Text that looks like fields, so that readers get behind their first check.
fn fields() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(Package|Version|Provides|SHA256|Size|Filename|Date|Suite): [a-z0-9 (),|<>=:.~+-]{0,20}",
        " [a-z0-9/. ]{0,30}",
        "",
        "\\PC{0,20}",
    ];
    proptest::collection::vec(line, 0..20).prop_map(|lines| lines.join("\n"))
}

fn is_safe(entry: &Entry) -> bool {
    !entry.path.is_empty()
        && !entry.path.starts_with('/')
        && entry.path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

proptest! {
    #[test]
    fn text_never_panics(text in fields()) {
        let _ = (paragraph::parse(&text).is_ok(), control::Control::parse(&text).is_ok(), Release::parse(&text).is_ok());
        let _ = (Record::parse(&text).is_ok(), parse_relations(&text).is_ok(), Version::parse(&text).is_ok());
        if let Ok(index) = Packages::parse(text.into_bytes()) {
            let names: Vec<String> = index.names().map(str::to_owned).collect();
            prop_assert!(names.len() <= index.len());
            for name in names {
                let _ = (index.named(&name).is_ok(), index.providing(&name).is_ok());
            }
        }
    }

    #[test]
    fn bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = (ar::members(&bytes).is_ok(), package::layout(&bytes).is_ok(), path::relative(&bytes).is_ok());
        let archive = [&b"!<arch>\n"[..], &bytes].concat();
        let _ = (ar::members(&archive).is_ok(), Packages::parse(bytes.clone()).is_ok());
        let _ = read(&Bytes::from(bytes), Limits::default());
    }

    /// Headers with valid checksums, so that everything behind the checksum is reached.
    #[test]
    fn archives_never_panic_and_paths_stay_inside(
        blocks in proptest::collection::vec(("[./a-c]{0,8}", "[0-7LKxgS]", proptest::collection::vec(any::<u8>(), 0..40)), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let archive: Vec<u8> = blocks.iter().flat_map(|(path, kind, content)| block(path, kind.as_bytes()[0], content)).collect();
        if let Ok(entries) = read(&Bytes::from(archive.clone()), Limits::default()) {
            prop_assert!(entries.iter().all(is_safe), "{entries:?}");
        }
        let _ = read(&Bytes::from(archive[..cut.index(archive.len())].to_vec()), Limits::default());
    }

    #[test]
    fn relations_are_written_as_they_were_read(name in "[a-z][a-z0-9+.-]{1,8}", version in "[0-9][a-z0-9.+~]{0,6}", sign in "(<<|<=|=|>=|>>)") {
        let text = format!("{name} ({sign} {version})");
        prop_assert_eq!(Relation::parse(&text).expect("a relation").to_string(), text);
    }
}
