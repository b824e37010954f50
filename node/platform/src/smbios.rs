//! Credentials among the OEM strings of SMBIOS, as systemd.system-credentials(7) has them. Format: DMTF DSP0134 3.7,
//! sections 6.1 (structures) and 7.12 (type 11).

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::{Findings, Found, MAX_DOCUMENT, MAX_DOCUMENTS, PlatformError, file_name};

const TABLE: &str = "sys/firmware/dmi/tables/DMI";
const TEXT: &str = "io.systemd.credential:corten.config";
const BINARY: &str = "io.systemd.credential.binary:corten.config";
/// Type of the structure with OEM strings, and of the last one.
const OEM_STRINGS: u8 = 11;
const END: u8 = 127;
/// Structures that are looked at; a table of 64 KiB has some hundred.
const MAX_STRUCTURES: usize = 4096;

/// The documents, in the order of their strings.
pub fn of_smbios(root: &Path) -> Findings {
    let mut findings = Findings::default();
    let Ok(table) = fs::read(root.join(TABLE)) else { return findings };
    for string in parse(&table).into_iter().take(MAX_DOCUMENTS) {
        if let Some(found) = document(&string) {
            findings.take(found);
        }
    }
    findings
}

/// The OEM strings of a table of SMBIOS. What is cut off ends it.
pub fn parse(table: &[u8]) -> Vec<String> {
    let mut strings = Vec::new();
    let mut rest = table;
    for _ in 0..MAX_STRUCTURES {
        let [kind, length, ..] = *rest else { break };
        let Some(mut text) = rest.get(usize::from(length).max(4)..) else { break };
        if kind == END {
            break;
        }
        // Strings end with a zero each, and all of them with one more; no strings are two zeros.
        let mut end_seen = false;
        while let Some(end) = text.iter().position(|byte| *byte == 0) {
            let string = text.get(..end).unwrap_or_default();
            text = text.get(end + 1..).unwrap_or_default();
            if string.is_empty() {
                end_seen = true;
                break;
            }
            if kind == OEM_STRINGS {
                strings.push(String::from_utf8_lossy(string).into_owned());
            }
        }
        if !end_seen {
            break;
        }
        // Without strings there are two zeros, of which one was taken.
        rest = match text {
            [0, more @ ..] if strings_absent(rest, length) => more,
            more => more,
        };
    }
    strings
}

fn strings_absent(structure: &[u8], length: u8) -> bool {
    structure.get(usize::from(length).max(4)..).is_some_and(|text| text.starts_with(&[0, 0]))
}

/// The document that a string holds, if it holds one.
fn document(string: &str) -> Option<Result<Found, PlatformError>> {
    let (key, value) = string.split_once('=')?;
    let (ending, binary) = match (key.strip_prefix(TEXT), key.strip_prefix(BINARY)) {
        (Some(ending), _) => (ending, false),
        (None, Some(ending)) => (ending, true),
        (None, None) => return None,
    };
    if !matches!(ending, "" | ".toml" | ".yaml" | ".yml") {
        return None;
    }
    let name = format!("config{ending}");
    let bytes = if binary {
        match BASE64_STANDARD.decode(value) {
            Ok(bytes) => bytes,
            Err(_) => return Some(Err(PlatformError::Base64(format!("credential corten.{name} of SMBIOS")))),
        }
    } else {
        value.as_bytes().to_vec()
    };
    if bytes.len() > MAX_DOCUMENT {
        let what = format!("credential corten.{name} of SMBIOS");
        return Some(Err(PlatformError::Size(what, bytes.len() as u64)));
    }
    Some(Ok(Found { name: file_name("30-smbios", &name), bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn structure(kind: u8, strings: &[&str]) -> Vec<u8> {
        let mut bytes = vec![kind, 5, 0, 1, strings.len() as u8];
        for string in strings {
            bytes.extend(string.as_bytes());
            bytes.push(0);
        }
        bytes.extend(if strings.is_empty() { vec![0, 0] } else { vec![0] });
        bytes
    }

    #[test]
    fn credentials_are_found_among_the_strings_of_their_type() {
        let binary = format!("{BINARY}.yaml={}", BASE64_STANDARD.encode("version: 1"));
        let text = format!("{TEXT}=version = 1");
        let table = [
            structure(1, &[&text]),
            structure(2, &[]),
            structure(OEM_STRINGS, &["hello", &text, &binary, "io.systemd.credential:other=1"]),
            structure(END, &[]),
            structure(OEM_STRINGS, &[&text]),
        ]
        .concat();
        let found: Vec<_> = parse(&table).iter().filter_map(|string| document(string)?.ok()).collect();
        let found: Vec<_> = found.iter().map(|found| (found.name.as_str(), found.bytes.as_slice())).collect();
        assert_eq!(
            found,
            [("30-smbios-config.toml", &b"version = 1"[..]), ("30-smbios-config.yaml", &b"version: 1"[..])]
        );
    }

    proptest! {
        #[test]
        fn any_table_is_read(table in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = parse(&table);
        }
    }
}
