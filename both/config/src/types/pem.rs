//! Certificates and keys as text. Only the wrapping is looked at here: whether what is in it can be used is for those
//! to say who use it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corten_document::BadValue;

use super::form::{Checked, Form};

/// The form of a [`CertificateChain`].
#[derive(Debug)]
pub enum ChainForm {}

/// One certificate or several, PEM.
pub type CertificateChain = Checked<ChainForm>;

impl Form for ChainForm {
    const NAME: &'static str = "CertificateChain";
    const PATTERN: &'static str = "^\\s*-----BEGIN CERTIFICATE-----";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a certificate in PEM: `-----BEGIN CERTIFICATE-----` and so on";
        match blocks(text) {
            Ok(labels) if labels.iter().all(|label| label == "CERTIFICATE") => Ok(tidy(text)),
            Ok(labels) => {
                let other = labels.into_iter().find(|label| label != "CERTIFICATE").unwrap_or_default();
                Err(BadValue::new(format!("{EXPECTED}; this holds `{other}`")))
            }
            Err(why) => Err(BadValue::new(format!("{EXPECTED}; {why}"))),
        }
    }
}

/// The form of a [`PrivateKey`].
#[derive(Debug)]
pub enum KeyForm {}

/// A private key, PKCS #8 in PEM.
pub type PrivateKey = Checked<KeyForm>;

impl Form for KeyForm {
    const NAME: &'static str = "PrivateKey";
    const PATTERN: &'static str = "^\\s*-----BEGIN PRIVATE KEY-----";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a private key in PEM, PKCS #8: `-----BEGIN PRIVATE KEY-----` and so on";
        if text == crate::SECRET_KEPT {
            return Err(BadValue::new(format!(
                "{EXPECTED}; this stands for a key that the node doesn't have"
            )));
        }
        match blocks(text) {
            Ok(labels) if labels == ["PRIVATE KEY"] => Ok(tidy(text)),
            Ok(labels) if labels.len() == 1 && labels[0].ends_with("PRIVATE KEY") => Err(BadValue::new(
                format!("{EXPECTED}; `openssl pkcs8 -topk8 -nodes` turns this `{}` into it", labels[0]),
            )),
            Ok(_) => Err(BadValue::new(format!("{EXPECTED}; this holds something else"))),
            Err(why) => Err(BadValue::new(format!("{EXPECTED}; {why}"))),
        }
    }
}

/// The form of a [`PublicKey`].
#[derive(Debug)]
pub enum PublicKeyForm {}

/// A public key, SubjectPublicKeyInfo in PEM.
pub type PublicKey = Checked<PublicKeyForm>;

impl Form for PublicKeyForm {
    const NAME: &'static str = "PublicKey";
    const PATTERN: &'static str = "^\\s*-----BEGIN PUBLIC KEY-----";
    type Value = String;

    fn read(text: &str) -> Result<String, BadValue> {
        const EXPECTED: &str = "a public key in PEM: `-----BEGIN PUBLIC KEY-----` and so on";
        match blocks(text) {
            Ok(labels) if labels == ["PUBLIC KEY"] => Ok(tidy(text)),
            Ok(labels) if labels.len() > 1 => Err(BadValue::new(format!("{EXPECTED}; this holds several"))),
            Ok(labels) => {
                let other = labels.into_iter().next().unwrap_or_default();
                Err(BadValue::new(format!("{EXPECTED}; this holds `{other}`")))
            }
            Err(why) => Err(BadValue::new(format!("{EXPECTED}; {why}"))),
        }
    }
}

fn tidy(text: &str) -> String {
    format!("{}\n", text.trim())
}

/// The labels of the blocks of a text: RFC 7468, in its strict form but for the length of lines. At least one.
fn blocks(text: &str) -> Result<Vec<String>, &'static str> {
    let mut labels = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let begin = rest.strip_prefix("-----BEGIN ").ok_or("text outside of `BEGIN` and `END`")?;
        let (label, body) = begin.split_once("-----").ok_or("its `BEGIN` line is cut off")?;
        if label.len() > 64 || label.bytes().any(|byte| !byte.is_ascii_uppercase() && byte != b' ') {
            return Err("its `BEGIN` line is not one");
        }
        let (body, after) =
            body.split_once(&format!("-----END {label}-----")).ok_or("its `END` line is not there")?;
        let packed: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let der = STANDARD.decode(&packed).map_err(|_| "what lies between is not base64")?;
        if !is_sequence(&der) {
            return Err("what lies between is cut off or not DER");
        }
        labels.push(label.to_owned());
        rest = after.trim_start();
    }
    if labels.is_empty() { Err("this is empty") } else { Ok(labels) }
}

/// Whether bytes are one SEQUENCE of DER from first to last: X.690, 8.9 and 10.1.
fn is_sequence(der: &[u8]) -> bool {
    let Some((0x30, rest)) = der.split_first().map(|(tag, rest)| (*tag, rest)) else { return false };
    let Some((first, rest)) = rest.split_first() else { return false };
    if *first < 0x80 {
        return rest.len() == usize::from(*first);
    }
    let count = usize::from(first & 0x7f);
    if !(1..=4).contains(&count) || rest.len() < count {
        return false;
    }
    let (length, body) = rest.split_at(count);
    length.iter().fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte)) == body.len()
}
