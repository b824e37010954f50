//! The programs of the node, embedded in this command.

use anyhow::{Result, bail};
use corten_image::NodePrograms;

const EMBEDDED: NodePrograms = NodePrograms {
    init: include_bytes!(concat!(env!("OUT_DIR"), "/corten-init")),
    node: include_bytes!(concat!(env!("OUT_DIR"), "/corten-node")),
    shim: include_bytes!(concat!(env!("OUT_DIR"), "/corten-shim")),
    inventory: include_str!(concat!(env!("OUT_DIR"), "/inventory.json")),
};

/// The embedded programs; an error where this command was built without them.
pub fn node_programs() -> Result<NodePrograms> {
    if EMBEDDED.init.is_empty() {
        bail!("this corten was built without the node's programs: build it with `cargo xtask build`");
    }
    Ok(EMBEDDED)
}

/// What tells this `corten` from another in the keys of its caches.
pub fn builder() -> Result<String> {
    use std::os::unix::fs::MetadataExt as _;
    let program = std::fs::metadata(std::env::current_exe()?)?;
    Ok(format!("{} {} {} {}", program.ino(), program.len(), program.mtime(), program.mtime_nsec()))
}
