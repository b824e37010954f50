//! PID 1 of a Corten node.

use std::process::ExitCode;

fn main() -> ExitCode {
    corten_init::role::run(&std::env::args().collect::<Vec<_>>())
}
