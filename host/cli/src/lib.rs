//! The command line of `corten`: what can be asked for, what is done, how it is told.
#![forbid(unsafe_code)]

mod arguments;
mod commands;
mod console_log;
mod exit;
mod machine_config;
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

pub use corten_image::NodePrograms;

/// Does what the arguments of this process ask for, with these programs for nodes: empty ones where `corten` was built
/// without them.
pub fn main(programs: NodePrograms) -> ExitCode {
    exit::set_frames();
    match commands::run(arguments::Arguments::parse(), programs) {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&error),
    }
}
