//! The child as a program: its order comes over standard input, what it fetches leaves by standard output.

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use crate::fetch::{Ending, Timing, serve};
use crate::sandbox;

/// Fetches one image.
pub fn main() -> ExitCode {
    // The library's own handle looks for the ends of lines in what is written, of which layers have many.
    let output = match io::stdout().as_fd().try_clone_to_owned() {
        Ok(output) => Box::new(File::from(output)),
        Err(error) => {
            eprintln!("corten-fetch: standard output: {error}");
            return ExitCode::from(2);
        }
    };
    match serve(&mut io::stdin().lock(), output, Timing::default(), sandbox::enter) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Failed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("corten-fetch: {error}");
            ExitCode::from(2)
        }
    }
}
