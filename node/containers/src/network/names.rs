//! What things are called: links, what netavark knows a workload by, and what may be a name at all.
//!
//! A link's name has 15 bytes (IFNAMSIZ less its zero). netavark and aardvark-dns put names into files with spaces and
//! commas between them, and into names of files, so they are checked here again, whatever the configuration let through.

use corten_network::firewall::workloads::LINK_PREFIX;
use sha2::{Digest as _, Sha256};

/// Bytes of a bridge's name that stand in its link's name as they are.
const PLAIN: usize = 10;
/// Bytes of the longest name of a workload or bridge, and of one of the name service (RFC 1035, section 2.3.4).
const LONGEST: usize = 63;
const LONGEST_DNS: usize = 253;

/// The link of a bridge. A name that is too long has its hash there, one byte longer than any that is not, so that no
/// two bridges share a link by their choice of names.
pub fn link_of(bridge: &str) -> String {
    if bridge.len() <= PLAIN {
        return format!("{LINK_PREFIX}{bridge}");
    }
    format!("{LINK_PREFIX}{}", short_hash("bridge", bridge, PLAIN + 1))
}

/// The node's end of the cable to a workload.
pub fn veth_of(workload: &str) -> String {
    format!("veth-{}", short_hash("veth", workload, 10))
}

/// What netavark and aardvark-dns know a workload or bridge by. aardvark-dns' files lose each line that holds the number
/// of who leaves, so it must be nothing that stands in another's line.
pub(super) fn number_of(kind: &str, name: &str) -> String {
    short_hash(kind, name, 32)
}

/// Lower-case hexadecimal digits of a hash.
fn short_hash(kind: &str, name: &str, digits: usize) -> String {
    let hash = Sha256::digest(format!("{kind}\0{name}"));
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16);
    hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).flatten().take(digits).collect()
}

/// Whether a workload or bridge can be called so: it becomes part of paths and of names of links.
pub fn is_plain(name: &str) -> bool {
    let is_fine =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(is_fine)
}

/// Whether others can find a workload under this name.
pub fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=LONGEST).contains(&label.len()) && label.bytes().all(is_fine)
    };
    name.len() <= LONGEST_DNS && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_say_whose_they_are_while_there_is_room() {
        assert_eq!(link_of("default"), "ctn-default");
        assert_eq!(link_of("0123456789"), "ctn-0123456789");
        let long = link_of("0123456789a");
        assert_eq!(long.len(), 15);
        assert_ne!(long, link_of("0123456789b"));
        assert_eq!(veth_of("web").len(), 15);
    }

    #[test]
    fn names_that_would_break_a_file_are_none() {
        for name in ["a b", "a,b", "a\nb", "", "a/b", "ä", ".", "a..b", &"x".repeat(64)] {
            assert!(!is_plain(name) && !is_host_name(name), "{name:?}");
        }
        assert!(is_plain("web-1") && is_host_name("web-1") && is_host_name("db.internal"));
    }

    proptest! {
        #[test]
        fn no_name_makes_a_link_that_the_kernel_refuses(name in "[a-z0-9_-]{1,63}") {
            prop_assert!(link_of(&name).len() <= 15);
            prop_assert!(link_of(&name).starts_with(LINK_PREFIX));
        }
    }
}
