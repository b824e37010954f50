//! `corten-containers`: keeps the workloads of a node running.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    corten_containers::program::main(std::env::args().skip(1))
}
