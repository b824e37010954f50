//! The identity of the machine: made on its first boot, kept in its state, and shown to programs in `/run`.
//!
//! Format: machine-id(5), 32 lower-case hexadecimal digits and a newline; `/etc/machine-id` points at the one in
//! `/run`.

use std::fs;
use std::io;
use std::path::Path;

use corten_sys::host;

use crate::durable;
use crate::log::{Level, Log};

const KEPT: &str = "/var/lib/corten/machine-id";
const SHOWN: &str = "/run/machine-id";

/// The identity, made if there is none. Empty only if it can be neither read nor made.
pub fn identity(log: &Log) -> String {
    let found = fs::read_to_string(KEPT).ok().and_then(|text| parse(&text));
    let id = found.map_or_else(|| make(Path::new(KEPT)), Ok);
    let shown = id.and_then(|id| fs::write(SHOWN, format!("{id}\n")).map(|()| id));
    shown.unwrap_or_else(|error| {
        log.write(Level::Warning, format_args!("machine-id: {error}"));
        String::new()
    })
}

fn parse(text: &str) -> Option<String> {
    let id = text.trim_end();
    let valid =
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    valid.then(|| id.to_string())
}

/// Makes one that is on the disk before anybody knows it.
fn make(path: &Path) -> io::Result<String> {
    let mut bytes = [0; 16];
    host::random(&mut bytes).map_err(io::Error::other)?;
    let id = format!("{:032x}", u128::from_be_bytes(bytes));
    durable::replace(path, format!("{id}\n").as_bytes(), 0o644)?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_that_was_made_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("machine-id");
        let id = make(&path).expect("it can be made");
        assert_eq!(parse(&fs::read_to_string(&path).expect("it is there")), Some(id.clone()));
        assert_ne!(make(&path).expect("another one"), id);
    }

    #[test]
    fn what_is_no_identity_is_not_taken_for_one() {
        for text in ["", "\n", "uninitialized\n", "0123456789ABCDEF0123456789ABCDEF\n"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
