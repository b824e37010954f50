//! The `corten` command: the command line, with the programs of the node in it.
//!
//! They are embedded here and nowhere below, so that all the rest is built beside them and not again after them.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use corten_cli::NodePrograms;

const EMBEDDED: NodePrograms = NodePrograms {
    init: include_bytes!(concat!(env!("OUT_DIR"), "/corten-init")),
    node: include_bytes!(concat!(env!("OUT_DIR"), "/corten-node")),
    shim: include_bytes!(concat!(env!("OUT_DIR"), "/corten-shim")),
    inventory: include_str!(concat!(env!("OUT_DIR"), "/inventory.json")),
};

fn main() -> ExitCode {
    corten_cli::main(EMBEDDED)
}
