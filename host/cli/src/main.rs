//! The `corten` command.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod console_log;
mod exit;
mod machine_config;
mod node_programs;
mod output;
mod places;
mod planned;
mod progress;
mod run_node;
mod session;
mod signing;
mod transfers;
mod variables;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    exit::set_frames();
    match commands::run(arguments::Arguments::parse()) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}
