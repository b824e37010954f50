//! What a node has to be told so that it can show itself: a piece of its machine configuration.

use corten_api::identity::{Authority, Identity};
use zeroize::Zeroizing;

/// The table `[api]` of a machine configuration, TOML: whose clients are let in, and the node's certificate with its
/// key. A secret.
pub fn machine_configuration(authority: &Authority, node: &Identity) -> Zeroizing<String> {
    let key = blocks(&node.key);
    Zeroizing::new(format!(
        "[api]\ntrusted = ['''\n{}''']\ncertificate = '''\n{}'''\n# A secret.\nkey = '''\n{}'''\n",
        *blocks(&authority.identity().chain),
        *blocks(&node.chain),
        *key,
    ))
}

/// The blocks of a PEM text without what some tools write around them, which could hold anything; a block holds
/// nothing that would end a literal string.
fn blocks(pem: &str) -> Zeroizing<String> {
    let mut blocks = Zeroizing::new(String::with_capacity(pem.len() + 1));
    let mut inside = false;
    for line in pem.lines() {
        inside |= line.starts_with("-----BEGIN ");
        if inside {
            blocks.push_str(line.trim_end());
            blocks.push('\n');
        }
        inside &= !line.starts_with("-----END ");
    }
    blocks
}
