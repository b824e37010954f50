//! The agent of a Corten node.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    corten_agent::program::main(std::env::args().skip(1))
}
