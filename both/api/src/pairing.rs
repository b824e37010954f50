//! Pairing: how the first configuration gets to a node that knows nobody, from somebody who stands before its console.
//!
//! A node in maintenance shows a code on its console and a certificate that it made itself. Whoever applies a
//! configuration sends a proof along:
//!
//! ```text
//! HMAC-SHA256(code, "corten pairing v1" || SHA-256(certificate) || SHA-256(document))
//! ```
//!
//! with the certificate (DER) as the client saw it in the handshake and the document's text. Somebody in between has
//! to show a certificate of their own, so that the proof they get is for that one and the node refuses it; nor does
//! it fit another document. What they are left with is guessing the code offline: 60 bits, against a code that is
//! gone once the node has a configuration or has started again.
//!
//! The proof says that the document is from somebody who knows the code. It does not say to the client that it talks
//! to the node: somebody in between sees the document before the node refuses it. Where it holds secrets, compare the
//! fingerprint on the console, or give it to the client ([`crate::tls::ServerCheck::Pinned`]), which then sends
//! nothing to anybody else.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use zeroize::{Zeroize as _, Zeroizing};

/// Digits of Crockford's base 32: without I, L, O and U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits of a code, five bits each.
const LENGTH: usize = 12;
/// Digits between two dashes.
const GROUP: usize = 4;
/// Longer than any way to write a code: with a blank around each digit and dash.
const MAX_BYTES: usize = 64;
/// Keeps proofs apart from other uses of such a key. Part of the protocol.
const CONTEXT: &[u8] = b"corten pairing v1";

/// What a console shows and a person types: 60 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(Zeroizing<[u8; LENGTH]>);

/// Text that is no pairing code. It is not repeated: it may be one but for a digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Too few or too many digits.
    #[error("a pairing code has {LENGTH} digits and letters, this has {0}")]
    Length(usize),
    /// A character that no code has.
    #[error("no pairing code has the character {0:?}")]
    Character(char),
    /// Far too long to be looked at.
    #[error("{0} bytes are no pairing code")]
    Size(usize),
}

/// What shows that somebody knows the code, for one certificate and one document.
pub type Proof = [u8; 32];

impl Code {
    /// The code of these random bytes; four of their bits are not used.
    pub fn generate(mut random: [u8; 8]) -> Self {
        let mut bits = u64::from_le_bytes(random);
        random.zeroize();
        let mut digits = Zeroizing::new([0; LENGTH]);
        for digit in digits.iter_mut() {
            *digit = DIGITS[(bits & 31) as usize];
            bits >>= 5;
        }
        Self(digits)
    }

    /// The proof for a document that goes to the node with this certificate.
    pub fn proof(&self, fingerprint: &[u8; 32], document: &[u8]) -> Proof {
        let mut proof = [0; 32];
        proof.copy_from_slice(hmac::sign(&self.key(), &message(fingerprint, document)).as_ref());
        proof
    }

    /// Whether a proof is the one for this certificate and document. Takes as long for a wrong one as for the right.
    pub fn verify(&self, fingerprint: &[u8; 32], document: &[u8], proof: &[u8]) -> bool {
        hmac::verify(&self.key(), &message(fingerprint, document), proof).is_ok()
    }

    /// The code as people read it: `XXXX-XXXX-XXXX`. Not by `Display`, so that it gets into no log by accident.
    pub fn shown(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(LENGTH + LENGTH / GROUP));
        for (index, digit) in self.0.iter().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(*digit));
        }
        text
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.0.as_ref())
    }
}

fn message(fingerprint: &[u8; 32], document: &[u8]) -> Vec<u8> {
    [CONTEXT, fingerprint, digest(&SHA256, document).as_ref()].concat()
}

/// Forgives what people and keyboards do: case, blanks and dashes anywhere, O for 0, I and L for 1.
impl FromStr for Code {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        if text.len() > MAX_BYTES {
            return Err(CodeError::Size(text.len()));
        }
        let mut digits = Zeroizing::new([0; LENGTH]);
        let mut length = 0;
        for character in text.chars() {
            let digit = match character.to_ascii_uppercase() {
                '-' | ' ' | '\t' | '\r' | '\n' => continue,
                'O' => b'0',
                'I' | 'L' => b'1',
                other => u8::try_from(other)
                    .ok()
                    .filter(|digit| DIGITS.contains(digit))
                    .ok_or(CodeError::Character(character))?,
            };
            if let Some(place) = digits.get_mut(length) {
                *place = digit;
            }
            length += 1;
        }
        if length == LENGTH { Ok(Self(digits)) } else { Err(CodeError::Length(length)) }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> Code {
        text.parse().expect("a code")
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let right = code("ABCD-0123-1XYZ");
        for text in ["abcd01231xyz", " AbCd o1-23 IxYz\n", "abcd-oi23-lxyz", "A-B-C-D-0-1-2-3-1-X-Y-Z"] {
            assert_eq!(code(text), right, "{text}");
        }
        assert_eq!(*right.shown(), "ABCD-0123-1XYZ");
    }

    #[test]
    fn what_is_no_code_is_refused_without_being_repeated() {
        assert_eq!("ABCD-0123".parse::<Code>(), Err(CodeError::Length(8)));
        assert_eq!("ABCD-0123-1XYZ-0".parse::<Code>(), Err(CodeError::Length(13)));
        assert_eq!("ABCD-0123-1XYU".parse::<Code>(), Err(CodeError::Character('U')));
        assert_eq!("ABCD-0123-1XYé".parse::<Code>(), Err(CodeError::Character('é')));
        assert_eq!("A".repeat(65).parse::<Code>(), Err(CodeError::Size(65)));
    }

    #[test]
    fn a_code_is_not_shown_by_accident() {
        let code = code("ABCD-0123-1XYZ");
        assert_eq!(format!("{code:?} {:#?}", Some(&code)), "Code(..) Some(\n    Code(..),\n)");
    }

    /// Computed with Python's `hmac` and `hashlib`; a change here breaks every older client.
    #[test]
    fn the_proof_is_as_documented() {
        let proof = code("ABCD-0123-1XYZ").proof(&[7; 32], b"[identity]\nhostname = \"a\"\n");
        assert_eq!(
            proof,
            [
                0x1d, 0x83, 0xeb, 0xe5, 0x69, 0x61, 0xb6, 0xc5, 0x40, 0x2d, 0x26, 0x6c, 0xcf, 0xec, 0xe1,
                0xae, 0x85, 0x0a, 0x0f, 0x81, 0x38, 0xe8, 0x0b, 0xfe, 0xeb, 0x35, 0x3d, 0x99, 0x3a, 0xff,
                0xaf, 0x5d
            ]
        );
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(random: [u8; 8]) {
            let code = Code::generate(random);
            let shown = code.shown();
            prop_assert_eq!(shown.len(), 14);
            prop_assert_eq!(shown.parse::<Code>(), Ok(code));
        }

        #[test]
        fn sixty_bits_make_a_difference(random: [u8; 8], bit in 0usize..64) {
            let mut other = random;
            other[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Code::generate(random) != Code::generate(other), bit < 60);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
            if let Ok(code) = text.parse::<Code>() {
                prop_assert_eq!(code.shown().parse::<Code>(), Ok(code));
            }
        }

        #[test]
        fn a_proof_is_for_one_code_certificate_and_document(
            random: [u8; 8], fingerprint: [u8; 32], document: Vec<u8>, byte in 0usize..32,
        ) {
            let code = Code::generate(random);
            let proof = code.proof(&fingerprint, &document);
            prop_assert!(code.verify(&fingerprint, &document, &proof));

            let mut wrong = proof;
            wrong[byte] ^= 1;
            prop_assert!(!code.verify(&fingerprint, &document, &wrong));
            prop_assert!(!code.verify(&fingerprint, &document, &proof[..byte]));
            let mut elsewhere = fingerprint;
            elsewhere[byte] ^= 1;
            prop_assert!(!code.verify(&elsewhere, &document, &proof));
            prop_assert!(!code.verify(&fingerprint, &[document.as_slice(), b" "].concat(), &proof));
            let mut another = random;
            another[0] ^= 1;
            prop_assert!(!Code::generate(another).verify(&fingerprint, &document, &proof));
        }
    }
}
