//! `corten-containers`: keeps the workloads of a node running.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use corten_containers::daemon::{Options, run};

fn main() -> ExitCode {
    let answer = options().and_then(|options| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        runtime.block_on(run(options)).map_err(|error| error.to_string())
    });
    if let Err(problem) = answer {
        eprintln!("corten-containers: {problem}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn options() -> Result<Options, String> {
    let mut options = Options { root: PathBuf::from("/") };
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{} needs a value", argument.display()))?;
        match argument.to_str() {
            Some("--root") => options.root = value.into(),
            _ => return Err(format!("unknown argument {}", argument.display())),
        }
    }
    Ok(options)
}
