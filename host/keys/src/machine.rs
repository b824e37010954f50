//! What a node has to be told so that it can show itself: a piece of its machine configuration.

use corten_api::identity::{Authority, Identity};

/// The table `[api]` of a machine configuration, TOML: whose clients are let in, and the node's certificate with its
/// key. PEM holds no character that would end a literal string.
pub fn machine_configuration(authority: &Authority, node: &Identity) -> String {
    format!(
        "[api]\ntrusted = ['''\n{}''']\n\n[api.certificate]\nchain = '''\n{}'''\n# A secret.\nkey = '''\n{}'''\n",
        authority.identity().chain,
        node.chain,
        node.key.as_str(),
    )
}
