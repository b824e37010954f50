//! The agent as a program.

use std::process::ExitCode;

use crate::agent;
use crate::arguments::Arguments;

/// Runs until it is told to stop, with the arguments behind the program's name.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let arguments = match Arguments::parse(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    match agent::run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
