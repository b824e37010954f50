//! ext4 superblocks: what mke2fs makes, damaged ones, and random bytes.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use corten_formats::ext4::{self, BACKUP_OFFSET, Health, Journal, OFFSET, SIZE, Superblock, SuperblockError};
use proptest::prelude::*;

use crate::tool;

/// A superblock with nothing in it but what is read.
fn sample() -> [u8; SIZE] {
    let mut bytes = [0; SIZE];
    bytes[4..8].copy_from_slice(&262_144_u32.to_le_bytes());
    bytes[0x18] = 2;
    bytes[0x38..0x3a].copy_from_slice(&0xef53_u16.to_le_bytes());
    bytes[0x3a] = 1;
    bytes[0x5c] = 4;
    bytes[0x68..0x78].copy_from_slice(b"0123456789abcdef");
    bytes[0x78..0x7d].copy_from_slice(b"state");
    bytes
}

#[test]
fn what_mke2fs_makes_is_read_and_its_backup_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("disk");
    File::create(&path).and_then(|file| file.set_len(300 << 20)).expect("an empty disk");
    let Some(mut make) = tool::find("mke2fs") else { return };
    let uuid = "00112233-4455-6677-8899-aabbccddeeff";
    tool::run(make.args(["-q", "-F", "-t", "ext4", "-L", "state", "-U", uuid, "-b", "4096"]).arg(&path));
    let file = File::open(&path).expect("it is there");
    let read = |offset| {
        let mut bytes = [0; SIZE];
        file.read_exact_at(&mut bytes, offset).expect("it is long enough");
        Superblock::parse(&bytes).expect("a superblock")
    };
    insta::assert_snapshot!(ext4::dump(&read(OFFSET)), @r#"
    uuid 00112233-4455-6677-8899-aabbccddeeff
    label "state"
    76800 blocks of 4096 bytes
    health good
    journal empty
    "#);
    assert_eq!(read(BACKUP_OFFSET).uuid, read(OFFSET).uuid);

    let mut bytes = [0; SIZE];
    file.read_exact_at(&mut bytes, OFFSET).expect("it is long enough");
    bytes[0x80] ^= 1;
    assert!(matches!(Superblock::parse(&bytes), Err(SuperblockError::Checksum { .. })));
}

#[test]
fn superblocks_that_are_none_are_told_with_the_reason() {
    let refused = |change: fn(&mut [u8; SIZE])| {
        let mut bytes = sample();
        change(&mut bytes);
        Superblock::parse(&bytes).expect_err("it is broken").to_string()
    };
    insta::assert_snapshot!(
        [
            refused(|bytes| bytes[0x38] = 0),
            refused(|bytes| bytes[0x65] = 4),
            refused(|bytes| { bytes[0x65] = 4; bytes[0x175] = 1; }),
            refused(|bytes| bytes[0x60] = 8),
            refused(|bytes| bytes[0x18] = 7),
            refused(|bytes| bytes[4..8].fill(0)),
            refused(|bytes| { bytes[0x60] = 0x80; bytes[0x153] = 0xff; }),
        ]
        .join("\n"),
        @r"
    no ext4 superblock: the magic number is 0xef00, expected 0xef53
    the type of checksum of the ext4 superblock is 0, which is out of bounds
    the checksum of the ext4 superblock is 0x00000000, expected 0x234ae941
    it is the journal of another ext4 file system
    the block size of the ext4 superblock is 7, which is out of bounds
    the number of blocks of the ext4 superblock is 0, which is out of bounds
    the number of blocks of the ext4 superblock is 18374686479671885824, which is out of bounds
    "
    );
}

#[test]
fn errors_and_an_open_journal_are_told() {
    let read = |change: fn(&mut [u8; SIZE])| {
        let mut bytes = sample();
        change(&mut bytes);
        let superblock = Superblock::parse(&bytes).expect("it is valid");
        (superblock.health, superblock.journal)
    };
    assert_eq!(read(|_| ()), (Health::Good, Journal::Empty));
    assert_eq!(read(|bytes| bytes[0x3a] = 2), (Health::Errors, Journal::Empty));
    assert_eq!(read(|bytes| bytes[0x3a] = 0), (Health::Unknown, Journal::Empty));
    assert_eq!(read(|bytes| bytes[0x5c] = 0), (Health::Good, Journal::None));
    assert_eq!(read(|bytes| bytes[0x194] = 1), (Health::Errors, Journal::Empty));
    assert_eq!(read(|bytes| bytes[0x60] = 4), (Health::Good, Journal::Replay));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        changes in prop::collection::vec((0..SIZE, any::<u8>()), 0..40), from_sample in any::<bool>(),
    ) {
        let mut bytes = if from_sample { sample() } else { [0; SIZE] };
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Ok(superblock) = Superblock::parse(&bytes) {
            prop_assert!(superblock.bytes() > 0);
            let _ = ext4::dump(&superblock);
        }
    }
}
