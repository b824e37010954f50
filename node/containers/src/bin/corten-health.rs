//! Asks containerd how it is, for machines that have nothing else of Corten.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    corten_containers::probe::program::main(std::env::args().skip(1))
}
