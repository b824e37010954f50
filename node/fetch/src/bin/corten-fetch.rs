//! Fetches an image from a registry for the program that starts it, over its standard input and output.
#![forbid(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use corten_fetch::fetch::{Ending, Timing, serve};
use corten_fetch::sandbox;

fn main() -> ExitCode {
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
