//! Notes about libraries that a file opens by itself: owner `FDO`, type 0x407c0c0a, content a JSON list.

use object::{Endian, Endianness};

const OWNER: &[u8] = b"FDO\0";
const DLOPEN: u32 = 0x407c_0c0a;
/// Largest JSON text that is read; real ones have some hundred bytes.
const MAX_TEXT: usize = 64 * 1024;
/// Most notes that are read.
const MAX_NOTES: usize = 1024;

/// How much a file depends on a library that it opens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Only for uncommon functions.
    Suggested,
    /// For important functions; the specification's default.
    #[default]
    Recommended,
    /// It does not work without.
    Required,
}

/// Libraries that a file may open, one of which is enough.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Dlopen {
    /// Names of the library, the preferred one first.
    pub soname: Vec<String>,
    /// What they are needed for.
    #[serde(default)]
    pub feature: String,
    /// The same in words.
    #[serde(default)]
    pub description: String,
    /// How much it depends on them.
    #[serde(default)]
    pub priority: Priority,
}

/// The dlopen notes among the notes of a segment. Other notes are passed over, and so are broken ones: they are
/// recommendations, and the file works without them being understood.
pub(super) fn notes(mut data: &[u8], endian: Endianness) -> Vec<Dlopen> {
    let mut found = Vec::new();
    for _ in 0..MAX_NOTES {
        let Some(note) = Note::first(data, endian) else { break };
        data = note.rest;
        if note.owner == OWNER && note.kind == DLOPEN && note.content.len() <= MAX_TEXT {
            let json = note.content.split(|b| *b == 0).next().unwrap_or_default();
            found.extend(serde_json::from_slice::<Vec<Dlopen>>(json).unwrap_or_default());
        }
    }
    found
}

/// One note, and what follows it.
struct Note<'a> {
    owner: &'a [u8],
    kind: u32,
    content: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Note<'a> {
    /// Owner and content are each padded to four bytes.
    fn first(data: &'a [u8], endian: Endianness) -> Option<Self> {
        let word = |at: usize| {
            let bytes = data.get(at..at + 4)?;
            Some(endian.read_u32([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let (owner_len, len, kind) = (word(0)? as usize, word(4)? as usize, word(8)?);
        let rest = data.get(12..)?;
        let owner = rest.get(..owner_len)?;
        let rest = rest.get(owner_len.next_multiple_of(4)..)?;
        let content = rest.get(..len)?;
        Some(Self { owner, kind, content, rest: rest.get(len.next_multiple_of(4)..).unwrap_or_default() })
    }
}
