//! `corten-network`: brings the network of a node to what is ordered, and keeps it there.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    corten_network::program::main(std::env::args().skip(1))
}
