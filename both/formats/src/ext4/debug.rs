//! A superblock as text, for people and snapshots.

use super::reader::Superblock;
use crate::gpt::Guid;

/// One line a field.
pub fn dump(superblock: &Superblock) -> String {
    let Superblock { uuid, label, block_size, blocks, health, journal } = superblock;
    let (uuid, journal, health) = (
        Guid::from_bytes(*uuid),
        format!("{journal:?}").to_lowercase(),
        format!("{health:?}").to_lowercase(),
    );
    format!(
        "uuid {uuid}\nlabel {label:?}\n{blocks} blocks of {block_size} bytes\nhealth {health}\njournal {journal}\n"
    )
}
