//! dm-verity: veritysetup, flipped bytes, and random bytes.

use corten_formats::verity::{self, BLOCK, HEAD, Mismatch, RootHash, Superblock, SuperblockError};
use proptest::prelude::*;

use crate::tool;

const UUID: [u8; 16] = [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0x4c, 0xfe, 0x81, 0, 1, 2, 3, 4, 5, 6];
const UUID_TEXT: &str = "10325476-98ba-4cfe-8100-010203040506";

/// Blocks that differ from each other.
fn data(blocks: usize) -> Vec<u8> {
    (0..blocks * BLOCK).map(|n| (n / BLOCK) as u8 ^ (n / 7) as u8 ^ (n >> 16) as u8).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[test]
fn a_tree_of_three_levels_is_laid_out_from_the_top_down() {
    let image = verity::format(&data(128 * 128 + 1), b"salt", UUID).expect("whole blocks");
    insta::assert_snapshot!(verity::dump(&image.hash_image).expect("it reads"));
}

#[test]
fn veritysetup_writes_the_same_bytes_and_accepts_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    for (blocks, salt) in [(1, 32), (2, 32), (128, 0), (129, 1), (300, 256), (16_385, 32)] {
        let data = data(blocks);
        let salt: Vec<u8> = (0..salt).map(|n| n as u8).collect();
        let ours = verity::format(&data, &salt, UUID).expect("whole blocks");
        let data = tool::file(&folder, "data", &data);
        let hash = tool::file(&folder, "hash", &ours.hash_image);
        let root_hash = ours.root_hash.to_string();
        let Some(mut verify) = tool::find("veritysetup") else { return };
        tool::run(verify.arg("verify").args([&data, &hash]).arg(&root_hash));

        let theirs = tool::file(&folder, "theirs", b"");
        let mut format = tool::find("veritysetup").expect("it was there");
        let salt = if salt.is_empty() { "-".into() } else { hex(&salt) };
        format.args(["format", "--uuid", UUID_TEXT, "--salt", &salt]).args([&data, &theirs]);
        let text = tool::run(&mut format);
        assert!(text.contains(&root_hash), "{blocks} blocks: {text} lacks {root_hash}");
        let theirs = std::fs::read(theirs).expect("it was written");
        assert!(theirs == ours.hash_image, "{blocks} blocks: other bytes than veritysetup's");
    }
}

#[test]
fn veritysetup_dumps_our_superblock() {
    let Some(mut dump) = tool::find("veritysetup") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let ours = verity::format(&data(300), b"0123", UUID).expect("whole blocks");
    let hash = tool::file(&folder, "hash", &ours.hash_image);
    let text = tool::run(dump.arg("dump").arg(hash));
    for line in [UUID_TEXT, "sha256", "30313233", "300"] {
        assert!(text.contains(line), "{text} lacks {line}");
    }
}

#[test]
fn a_slot_is_found_by_its_top_hash_block() {
    let ours = verity::format(&data(300), b"salt", UUID).expect("whole blocks");
    let head = &ours.hash_image[..HEAD];
    let expected = Superblock { uuid: UUID, data_blocks: 300, salt: b"salt".to_vec() };
    assert_eq!(verity::check_top_block(head, &ours.root_hash), Ok(expected));

    let other = verity::format(&data(301), b"salt", UUID).expect("whole blocks").root_hash;
    let mismatch = Mismatch::Root { found: ours.root_hash, expected: other };
    assert_eq!(verity::check_top_block(head, &other), Err(mismatch));
    let truncated = SuperblockError::Truncated { have: BLOCK, need: HEAD };
    assert_eq!(verity::check_top_block(&head[..BLOCK], &other), Err(truncated.into()));
    assert_eq!(verity::check_top_block(&[0; HEAD], &other), Err(SuperblockError::Signature.into()));

    let single = verity::format(&data(1), b"salt", UUID).expect("a whole block");
    assert_eq!(single.hash_image.len(), BLOCK);
    assert_eq!(verity::check_top_block(&single.hash_image, &single.root_hash), Err(Mismatch::SingleBlock));
    assert!(verity::verify(&data(1), &single.hash_image, &single.root_hash).is_ok());
}

#[test]
fn the_first_bad_block_is_named() {
    let blocks = 128 * 3 + 5;
    let good = data(blocks);
    let ours = verity::format(&good, b"salt", UUID).expect("whole blocks");
    let verify = |data: &[u8], hash: &[u8]| verity::verify(data, hash, &ours.root_hash).map(|_| ());
    assert_eq!(verify(&good, &ours.hash_image), Ok(()));

    let mut bad = good.clone();
    bad[BLOCK * 388] ^= 1;
    assert_eq!(verify(&bad, &ours.hash_image), Err(Mismatch::DataBlock(388)));
    bad[BLOCK * 130 + 4095] ^= 1;
    assert_eq!(verify(&bad, &ours.hash_image), Err(Mismatch::DataBlock(130)));
    let mut hash = ours.hash_image.clone();
    hash[BLOCK * 3] ^= 1;
    assert_eq!(verify(&bad, &hash), Err(Mismatch::HashBlock(3)));
    hash[BLOCK] ^= 1;
    assert!(matches!(verify(&bad, &hash), Err(Mismatch::Root { .. })));
    let short = Mismatch::Data { have: BLOCK, need: (blocks * BLOCK) as u64 };
    assert_eq!(verify(&good[..BLOCK], &ours.hash_image), Err(short));
}

#[test]
fn data_without_whole_blocks_has_no_tree() {
    insta::assert_snapshot!(verity::format(&[], b"", UUID).expect_err("empty"));
    assert!(verity::format(&[0; 4097], b"", UUID).is_err());
    assert!(verity::format(&[0; 4096], &[0; 257], UUID).is_err());
}

#[test]
fn a_root_hash_is_64_digits() {
    let text = "00ff".repeat(16);
    let hash: RootHash = text.parse().expect("64 digits");
    assert_eq!((hash.to_string(), hash.halves().1), (text, [0, 255].repeat(8).try_into().expect("16 bytes")));
    for wrong in ["", "0x", &"00f ".repeat(16), &"é".repeat(32)] {
        assert!(wrong.parse::<RootHash>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic_the_readers(
        mut bytes in prop::collection::vec(any::<u8>(), 0..9000), keep in 0_usize..250, root in any::<[u8; 32]>(),
    ) {
        // Half of them start like a superblock, else the signature would hide the rest from the test.
        let real = verity::format(&[0; 2 * BLOCK], b"salt", UUID).expect("whole blocks").hash_image;
        let keep = keep.min(bytes.len());
        bytes[..keep].copy_from_slice(&real[..keep]);
        let _ = verity::check_top_block(&bytes, &RootHash(root));
        let _ = verity::verify(&bytes, &bytes, &RootHash(root));
        let _ = verity::dump(&bytes);
    }
}

proptest! {
    // Each case hashes or copies up to some megabytes.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_flipped_bit_is_always_found(blocks in 1_usize..300, at in any::<prop::sample::Index>(), bit in 0..8) {
        let mut data = data(blocks);
        let ours = verity::format(&data, b"salt", UUID).expect("whole blocks");
        let at = at.index(data.len());
        data[at] ^= 1_u8 << bit;
        let found = verity::verify(&data, &ours.hash_image, &ours.root_hash).expect_err("it is corrupt");
        let single = matches!(found, Mismatch::Root { .. }) && blocks == 1;
        prop_assert!(single || found == Mismatch::DataBlock((at / BLOCK) as u64));
    }
}
