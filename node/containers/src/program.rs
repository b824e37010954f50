//! The container service as a program.

use std::path::PathBuf;
use std::process::ExitCode;

use corten_network::program::{flags, serve};

use crate::daemon::{Options, run};

/// Runs until it is told to stop, with the arguments behind the program's name.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let mut options = Options { root: PathBuf::from("/") };
    let read = flags(arguments, |flag, value| {
        let is_known = flag == "--root";
        if is_known {
            options.root = value.into();
        }
        is_known
    });
    serve("corten-containers", read.map(|()| run(options)))
}
