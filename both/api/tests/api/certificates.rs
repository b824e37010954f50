//! Whatever bytes are shown as a certificate are read or refused.

use std::sync::LazyLock;

use corten_api::identity::{Certificate, CertificateError, Client};
use proptest::prelude::*;

use crate::handshake::{admin, authority, der, node};

/// A client's, a node's and an authority's certificate.
static REAL: LazyLock<[Vec<u8>; 3]> = LazyLock::new(|| {
    let authority = authority();
    [admin(&authority), node(&authority), authority.identity().clone()].map(|one| der(&one).to_vec())
});

#[test]
fn what_is_far_too_large_is_not_looked_at() {
    assert_eq!(Certificate::read(&vec![0x30; 17 << 10]), Err(CertificateError::Size(17 << 10)));
}

#[test]
fn nothing_may_follow_a_certificate() {
    for real in REAL.iter() {
        assert!(Certificate::read(real).is_ok());
        let more = [real.as_slice(), &[0]].concat();
        assert!(matches!(Certificate::read(&more), Err(CertificateError::Format(_))));
        for length in 0..real.len() {
            assert!(Certificate::read(&real[..length]).is_err());
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    // Sequences in sequences, as deep as the size allows.
    let mut deep = Vec::new();
    for _ in 0..3_000 {
        let length = deep.len();
        let mut outer = vec![0x30];
        match length {
            0..128 => outer.push(length as u8),
            128..256 => outer.extend([0x81, length as u8]),
            _ => outer.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        outer.extend(&deep);
        deep = outer;
    }
    assert!(deep.len() < 16 << 10);
    assert!(matches!(Certificate::read(&deep), Err(CertificateError::Format(_))));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        prop_assert!(Client::read(&bytes).is_err());
    }

    #[test]
    fn a_damaged_certificate_is_read_or_refused(
        which in 0usize..3, damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = REAL[which].clone();
        for (index, value) in damage {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        if let Ok(read) = Certificate::read(&bytes) {
            prop_assert!(read.name.len() <= 64);
            prop_assert!(read.name.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        }
    }
}
