//! The health check as a program.

use std::process::ExitCode;

use super::command;

/// Asks once, with the arguments behind the program's name, and prints what was found.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let command = match command::parse(arguments) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("corten-health: {error}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("corten-health: can't start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command::run(&command)) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("corten-health: {error}");
            ExitCode::FAILURE
        }
    }
}
