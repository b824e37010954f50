//! What is hashed: everything but three places.

use corten_sign::{PeDigest, SealError, checksum, digest};
use object::read::pe::PeFile64;
use proptest::prelude::*;

use crate::program::{CHECKSUM, ENTRY, program};

fn foreign(program: &[u8]) -> PeDigest {
    use authenticode::authenticode_digest;
    struct Sha(aws_lc_rs::digest::Context);
    impl digest::Update for Sha {
        fn update(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
    }
    let file = PeFile64::parse(program).expect("a program");
    let mut sha = Sha(aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256));
    authenticode_digest(&file, &mut sha).expect("it can be hashed");
    PeDigest(sha.0.finish().as_ref().try_into().expect("32 bytes"))
}

#[test]
fn the_hash_is_that_of_another_implementation() {
    for behind in [0, 8, 512] {
        let program = program(0x90, behind);
        assert_eq!(digest(&program), Ok(foreign(&program)));
    }
}

#[test]
fn what_a_signature_would_not_cover_is_refused() {
    let good = program(0x90, 0);
    let mut gap = good.clone();
    let second = 0x58 + 0xf0 + 40 + 20;
    gap[second..second + 4].copy_from_slice(&0x800_u32.to_le_bytes());
    gap[second + 40..second + 44].copy_from_slice(&0x800_u32.to_le_bytes());
    let mut not_last = program(0x90, 64);
    not_last[ENTRY..ENTRY + 8].copy_from_slice(&[0, 10, 0, 0, 8, 0, 0, 0]);
    let mut no_entry = good.clone();
    no_entry[0x58 + 108] = 4;
    let mut short_headers = good.clone();
    short_headers[0x58 + 60..0x58 + 64].copy_from_slice(&0x80_u32.to_le_bytes());
    let errors = [gap, not_last, no_entry, short_headers, good[..100].to_vec()]
        .map(|program| digest(&program).expect_err("it can't be signed").to_string());
    insta::assert_snapshot!(errors.join("\n"), @r"
    the program has a gap or an overlap before byte 0x800: a signature would not cover every byte
    the certificate table ends at byte 0xa08 of 0xa40: expected it at the end of the file
    the headers of the program have no entry for a certificate table
    the program has a gap or an overlap before byte 0x400: a signature would not cover every byte
    the optional header is beyond the end of the file at byte 100
    ");
}

/// Words of the sum would lie across the field that it leaves out.
#[test]
fn headers_at_an_odd_offset_are_refused() {
    let mut program = program(0x90, 0);
    program.remove(0x3ff);
    program.insert(0x40, 0);
    program[0x3c] = 0x41;
    assert_eq!(checksum(&program), Err(SealError::Odd { at: CHECKSUM + 1 }));
}

proptest! {
    #[test]
    fn any_other_byte_changes_the_hash(at in 0..0xa40_usize, bit in 0..8_u8) {
        let before = program(0x90, 64);
        let mut after = before.clone();
        after[at] ^= 1 << bit;
        let excluded = (CHECKSUM..CHECKSUM + 4).contains(&at) || (ENTRY..ENTRY + 8).contains(&at);
        match (digest(&before), digest(&after)) {
            (Ok(before), Ok(after)) => prop_assert_eq!(before == after, excluded),
            // Headers that are none any more, or a certificate table that is not at the end.
            (Ok(_), Err(_)) => prop_assert!(at < 0x400),
            (Err(why), _) => prop_assert!(false, "{}", why),
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = digest(&bytes);
    }

    #[test]
    fn any_damage_is_survived(damage in prop::collection::vec((0..0x400_usize, any::<u8>()), 1..8)) {
        let mut program = program(0x90, 64);
        for (at, byte) in damage {
            program[at] = byte;
        }
        if let Err(SealError::Signed) = digest(&program) {
            prop_assert!(false, "a hash does not depend on signatures");
        }
    }
}
