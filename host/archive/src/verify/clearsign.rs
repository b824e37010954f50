//! Clear-signed messages (RFC 9580, section 7): the text that was signed, and the signatures on it.
//!
//! Stricter than the RFC allows: nothing but white space may stand before or after the message, so no reader can
//! take another text for the signed one.

use pgp::armor::Dearmor;
use pgp::packet::{Packet, PacketParser, Signature};

/// Largest message. `InRelease` of a stable suite has 140 KB.
const MAX_SIZE: usize = 16 << 20;

/// Most signatures on one message. That of a stable suite has three or four.
const MAX_SIGNATURES: usize = 32;

const HEAD: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE: &str = "-----BEGIN PGP SIGNATURE-----";
const END: &str = "-----END PGP SIGNATURE-----";

/// A message that was taken apart. Its signatures are not verified yet.
pub struct Message {
    text: String,
    signatures: Vec<Result<Signature, String>>,
}

/// Why a file is no clear-signed message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClearsignError {
    /// It does not start as one.
    #[error("it is not signed: expected {HEAD} in its first line")]
    Unsigned,
    /// It is larger than any real one.
    #[error("it has {0} bytes, more than the {MAX_SIZE} that are read")]
    TooLarge(usize),
    /// Not text.
    #[error("it is not UTF-8")]
    Encoding,
    /// A header other than Hash, or no empty line after them.
    #[error("line {0} is neither a Hash header nor the empty line that ends them")]
    Header(usize),
    /// A line of the text starts with a hyphen that is not escaped.
    #[error("line {0} of the signed text starts with an unescaped hyphen")]
    Hyphen(usize),
    /// The signature does not start or end, or something follows it.
    #[error("its signature is cut off or is followed by other text")]
    Cut,
    /// The signature block holds no signature.
    #[error("its signature block holds no signature that can be read")]
    Empty,
    /// More signatures than are read.
    #[error("it has more than {MAX_SIGNATURES} signatures")]
    TooMany,
}

impl Message {
    /// Takes a message apart.
    pub fn parse(message: &[u8]) -> Result<Self, ClearsignError> {
        if message.len() > MAX_SIZE {
            return Err(ClearsignError::TooLarge(message.len()));
        }
        let message = std::str::from_utf8(message).map_err(|_| ClearsignError::Encoding)?;
        let mut lines = message.split('\n').map(|line| line.trim_end_matches(['\r', ' ', '\t'])).enumerate();
        if lines.next().is_none_or(|(_, line)| line != HEAD) {
            return Err(ClearsignError::Unsigned);
        }
        for (n, line) in lines.by_ref() {
            if line.is_empty() {
                break;
            }
            if !line.starts_with("Hash: ") {
                return Err(ClearsignError::Header(n + 1));
            }
        }
        let mut text = String::with_capacity(message.len());
        let mut armor = String::new();
        for (n, line) in lines.by_ref() {
            if line == SIGNATURE {
                armor.push_str(line);
                armor.push('\n');
                break;
            }
            let plain = line.strip_prefix("- ").unwrap_or(line);
            if line.starts_with('-') && plain.len() == line.len() {
                return Err(ClearsignError::Hyphen(n + 1));
            }
            text.push_str(plain);
            text.push('\n');
        }
        for (_, line) in lines.by_ref() {
            armor.push_str(line);
            armor.push('\n');
            if line == END {
                break;
            }
        }
        if !armor.trim_end().ends_with(END) || lines.any(|(_, line)| !line.is_empty()) {
            return Err(ClearsignError::Cut);
        }
        Ok(Self { text, signatures: signatures(&armor)? })
    }

    /// The signed text, without escapes and without white space at line ends.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as signatures cover it: lines end in CR LF, the last one in nothing.
    pub fn canonical(&self) -> String {
        self.text.strip_suffix('\n').unwrap_or(&self.text).replace('\n', "\r\n")
    }

    /// The signatures; text where one can't be read.
    pub fn signatures(&self) -> &[Result<Signature, String>] {
        &self.signatures
    }
}

fn signatures(armor: &str) -> Result<Vec<Result<Signature, String>>, ClearsignError> {
    let mut dearmor = Dearmor::new(armor.as_bytes());
    dearmor.read_header().map_err(|_| ClearsignError::Empty)?;
    let mut signatures = Vec::new();
    for packet in PacketParser::new(std::io::BufReader::new(dearmor)) {
        if signatures.len() == MAX_SIGNATURES {
            return Err(ClearsignError::TooMany);
        }
        match packet {
            Ok(Packet::Signature(signature)) => signatures.push(Ok(signature)),
            Ok(_) => signatures.push(Err("a packet that is no signature".to_owned())),
            Err(_) => signatures.push(Err("a signature that can't be read".to_owned())),
        }
    }
    if signatures.iter().any(Result::is_ok) { Ok(signatures) } else { Err(ClearsignError::Empty) }
}
