//! The licence of a package, where its copyright file says it in the machine-readable form.

use super::contents::Contents;

/// The `License` of the stanza `Files: *`. Others would need a mapping of files to stanzas; a package of which
/// only some files are taken is described by its main licence.
pub fn licence(contents: &Contents) -> Option<String> {
    let path = format!("/usr/share/doc/{}/copyright", contents.name);
    let text = std::str::from_utf8(contents.file(&path)?).ok()?;
    let mut stanzas = text.split("\n\n");
    let main = stanzas.find(|stanza| field(stanza, "Files").is_some_and(|files| files == "*"))?;
    field(main, "License").map(str::to_owned).filter(|licence| !licence.is_empty())
}

fn field<'a>(stanza: &'a str, name: &str) -> Option<&'a str> {
    stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use corten_formats::tree::{Kind, Meta, Node};
    use std::collections::BTreeMap;

    #[test]
    fn the_main_licence_is_read_and_prose_is_not_guessed_at() {
        let with = |text: &'static str| {
            let node = Node { meta: Meta::default(), kind: Kind::File(Bytes::from_static(text.as_bytes())) };
            let entries = BTreeMap::from([("/usr/share/doc/x/copyright".to_owned(), node)]);
            licence(&Contents { name: "x".into(), entries, ..Contents::default() })
        };
        let text =
            "Format: y\n\nFiles: debian/*\nLicense: GPL-2\n\nFiles: *\nCopyright: z\nLicense: Apache-2.0\n";
        assert_eq!(with(text).as_deref(), Some("Apache-2.0"));
        assert_eq!(with("This is free software, see License: somewhere."), None);
    }
}
