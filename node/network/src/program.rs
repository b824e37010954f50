//! The network service as a program.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::daemon::{Options, run};

/// Runs until it is told to stop, with the arguments behind the program's name.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let answer = options(arguments).and_then(|options| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(run(options)).map_err(|error| error.to_string())
    });
    if let Err(problem) = answer {
        eprintln!("corten-network: {problem}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn options(arguments: impl IntoIterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { root: PathBuf::from("/"), nft: PathBuf::from("/usr/sbin/nft") };
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--root" => options.root = value.into(),
            "--nft" => options.nft = value.into(),
            _ => return Err(format!("unknown argument {argument}")),
        }
    }
    Ok(options)
}
