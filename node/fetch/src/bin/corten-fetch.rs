//! Fetches an image from a registry for the program that starts it, over its standard input and output.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    corten_fetch::program::main()
}
