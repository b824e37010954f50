//! The document that a person starts from.

use corten_document::literal;

use crate::types::HostName;

const TEXT: &str = include_str!("starting.toml");

/// A document with comments on what is written most, that can be applied as it is. Without a host name the machine has
/// that of DHCP or of its image.
pub fn starting_document(hostname: Option<&HostName>) -> String {
    match hostname {
        Some(name) => TEXT.replace("# hostname = \"node-1\"", &format!("hostname = {}", literal(name.get()))),
        None => TEXT.to_owned(),
    }
}
