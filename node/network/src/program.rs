//! The network service as a program, and what services of the node have in common as programs.

use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::daemon::{Options, run};

/// Runs until it is told to stop, with the arguments behind the program's name.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let mut options = Options { root: PathBuf::from("/"), nft: PathBuf::from("/usr/sbin/nft") };
    let read = flags(arguments, |flag, value| {
        match flag {
            "--root" => options.root = value.into(),
            "--nft" => options.nft = value.into(),
            _ => return false,
        }
        true
    });
    serve("corten-network", read.map(|()| run(options)))
}

/// Hands each flag to `take` with its value. `take` says whether it knows it.
///
/// # Errors
/// If a flag is unknown, or has no value.
pub fn flags(
    arguments: impl IntoIterator<Item = String>,
    mut take: impl FnMut(&str, String) -> bool,
) -> Result<(), String> {
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        if !take(&argument, value) {
            return Err(format!("unknown argument {argument}"));
        }
    }
    Ok(())
}

/// Runs a service on this thread until it ends, and says why if that was not to be.
pub fn serve<E: Display>(
    name: &str,
    service: Result<impl Future<Output = Result<(), E>>, String>,
) -> ExitCode {
    let answer = service.and_then(|service| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(service).map_err(|error| error.to_string())
    });
    if let Err(problem) = answer {
        eprintln!("{name}: {problem}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
