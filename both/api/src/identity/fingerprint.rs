//! Fingerprints: what a certificate is called where it is pinned, revoked or read aloud.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};

/// SHA-256 of a certificate, DER. Shown as 64 lower-case hexadecimal digits; read in either case, with or without
/// colons between bytes, as other tools print it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

/// Text that is no fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fingerprint {0:?}; expected the SHA-256 of a certificate: 64 hexadecimal digits")]
pub struct FingerprintError(pub String);

impl Fingerprint {
    /// Of a certificate, DER.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, der).as_ref());
        Self(bytes)
    }

    /// The hash itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        // What is far too long is not repeated in full.
        let error = || FingerprintError(text.chars().take(96).collect());
        let plain = text.trim();
        let step = match plain.len() {
            64 => 2,
            95 => 3,
            _ => return Err(error()),
        };
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(plain.as_bytes().chunks(step)) {
            let digit = |index: usize| {
                pair.get(index).and_then(|digit| char::from(*digit).to_digit(16)).ok_or_else(error)
            };
            *byte = (digit(0)? << 4 | digit(1)?) as u8;
            if pair.get(2).is_some_and(|other| *other != b':') {
                return Err(error());
            }
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fingerprint_is_the_sha256_in_hexadecimal() {
        let text = Fingerprint::of(b"abc").to_string();
        assert_eq!(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    proptest! {
        #[test]
        fn what_other_tools_print_is_read(bytes: [u8; 32]) {
            let fingerprint = Fingerprint(bytes);
            let colons: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
            prop_assert_eq!(colons.join(":").parse(), Ok(fingerprint));
            prop_assert!(colons.join("-").parse::<Fingerprint>().is_err());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9a-f:é]{0,100}") {
            if let Ok(fingerprint) = text.parse::<Fingerprint>() {
                prop_assert_eq!(fingerprint.to_string().len(), 64);
            }
        }
    }
}
