//! `corten-network`: brings the network of a node to what is ordered, and keeps it there.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use corten_network::daemon::{Options, run};

fn main() -> ExitCode {
    let answer = options().and_then(|options| {
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

fn options() -> Result<Options, String> {
    let mut options = Options { root: PathBuf::from("/"), nft: PathBuf::from("/usr/sbin/nft") };
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(format!("{} needs a value", argument.display()))?;
        match argument.to_str() {
            Some("--root") => options.root = value.into(),
            Some("--nft") => options.nft = value.into(),
            _ => return Err(format!("unknown argument {}", argument.display())),
        }
    }
    Ok(options)
}
