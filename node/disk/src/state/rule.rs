//! Decides what is to be done with the state partition before it is mounted.

use corten_formats::ext4::{Health, Superblock, SuperblockError};

/// What is done first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Make the file system: this partition never had one that was complete.
    Make,
    /// Mount it. The kernel replays its journal.
    Mount,
    /// Have it checked, then mount it.
    Check(String),
    /// Have it checked by the backup of its superblock, then mount it. `e2fsck -p` mends a superblock that is lost
    /// alone. Where more is lost with it, as with the first 64 KiB, it refuses, and puts back a superblock that says
    /// that there are errors, so that this boot and the next ones end in maintenance.
    CheckByBackup(String),
    /// Leave it alone: it is no file system that can be used, and not ours to format.
    Refuse(String),
}

/// Whether the partition carries the mark of a file system that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It does.
    BeingMade,
    /// It does not.
    None,
}

/// Decides by the mark, the superblock and its first backup. `bytes` is the size of the partition.
pub fn begin(
    mark: Mark,
    superblock: &Result<Superblock, SuperblockError>,
    backup: &Result<Superblock, SuperblockError>,
    bytes: u64,
) -> Begin {
    if mark == Mark::BeingMade {
        return Begin::Make;
    }
    match (superblock, backup) {
        (Ok(found), _) if found.bytes() > bytes => {
            Begin::Refuse(format!("its file system has {} bytes, its partition only {bytes}", found.bytes()))
        }
        (Ok(found), _) => match found.health {
            Health::Good => Begin::Mount,
            Health::Unknown => Begin::Check("it was not unmounted in order and has no journal".into()),
            Health::Errors => Begin::Check("the kernel found errors in it".into()),
        },
        (Err(SuperblockError::JournalDevice), _) => Begin::Refuse(SuperblockError::JournalDevice.to_string()),
        (Err(why), Ok(found)) if found.bytes() <= bytes => Begin::CheckByBackup(why.to_string()),
        (Err(why), _) => Begin::Refuse(why.to_string()),
    }
}

/// Whether the file system is smaller than its partition by more than what e2fsprogs leaves unused at the end: a last
/// group that is too short to be worth its own metadata.
pub fn grows(superblock: &Superblock, bytes: u64) -> bool {
    const WORTH: u64 = 16 << 20;
    superblock.bytes().saturating_add(WORTH) <= bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use corten_formats::ext4::Journal;
    use proptest::prelude::*;

    const BYTES: u64 = 1 << 30;

    fn superblock(health: Health, bytes: u64) -> Superblock {
        let (label, journal) = ("state".into(), Journal::Empty);
        Superblock { uuid: [7; 16], label, block_size: 4096, blocks: bytes / 4096, health, journal }
    }

    #[test]
    fn what_is_whole_is_mounted_and_what_is_not_is_checked() {
        let none = Err(SuperblockError::Magic(0));
        let of =
            |found: Result<Superblock, SuperblockError>, backup| begin(Mark::None, &found, &backup, BYTES);
        let texts = [
            of(Ok(superblock(Health::Good, BYTES)), none.clone()),
            of(Ok(superblock(Health::Errors, BYTES)), none.clone()),
            of(Ok(superblock(Health::Unknown, BYTES)), none.clone()),
            of(none.clone(), Ok(superblock(Health::Good, BYTES))),
            of(none.clone(), Ok(superblock(Health::Good, BYTES + 4096))),
            of(none.clone(), none.clone()),
            of(Ok(superblock(Health::Good, BYTES + 4096)), none),
        ];
        let texts: Vec<_> = texts.iter().map(|begin| format!("{begin:?}")).collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        Mount
        Check("the kernel found errors in it")
        Check("it was not unmounted in order and has no journal")
        CheckByBackup("no ext4 superblock: the magic number is 0x0000, expected 0xef53")
        Refuse("no ext4 superblock: the magic number is 0x0000, expected 0xef53")
        Refuse("no ext4 superblock: the magic number is 0x0000, expected 0xef53")
        Refuse("its file system has 1073745920 bytes, its partition only 1073741824")
        "#);
    }

    #[test]
    fn a_file_system_does_not_grow_by_the_rest_of_a_group() {
        let found = superblock(Health::Good, BYTES);
        assert!(!grows(&found, BYTES) && !grows(&found, BYTES + 4096) && !grows(&found, BYTES - 4096));
        assert!(!grows(&found, BYTES + (15 << 20)));
        assert!(grows(&found, BYTES + (16 << 20)));
    }

    fn found() -> impl Strategy<Value = Result<Superblock, SuperblockError>> {
        let health = prop::sample::select(vec![Health::Good, Health::Unknown, Health::Errors]);
        let whole = (health, 1..2 * BYTES).prop_map(|(health, bytes)| Ok(superblock(health, bytes)));
        let none = prop::sample::select(vec![
            Err(SuperblockError::Magic(0)),
            Err(SuperblockError::Checksum { found: 1, expected: 2 }),
            Err(SuperblockError::JournalDevice),
        ]);
        prop_oneof![whole, none]
    }

    proptest! {
        #[test]
        fn only_what_carries_the_mark_is_ever_formatted(one in found(), two in found(), bytes in 1..2 * BYTES) {
            prop_assert_ne!(begin(Mark::None, &one, &two, bytes), Begin::Make);
            prop_assert_eq!(begin(Mark::BeingMade, &one, &two, bytes), Begin::Make);
        }
    }
}
