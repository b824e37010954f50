//! Asks containerd how it is; init runs this to find out when the node is ready.

use std::process::ExitCode;

use corten_containers::probe::command;

fn main() -> ExitCode {
    let command = match command::parse(std::env::args().skip(1)) {
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
