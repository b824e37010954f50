//! The programs of a node that are not PID 1, as one: what they have in common is in the image once. Which of them runs
//! is told by the name under which it is started, as with busybox. Each runs as a user of its own, shut in by what init
//! and itself see to; that the code of the others lies in the same file gives it no right that it would not have
//! otherwise.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let name = arguments.next().unwrap_or_default();
    match Path::new(&name).file_name().and_then(|name| name.to_str()) {
        Some("agent") => corten_agent::program::main(arguments),
        Some("containers") => corten_containers::program::main(arguments),
        Some("fetch") => corten_fetch::program::main(),
        Some("health") => corten_containers::probe::program::main(arguments),
        Some("network") => corten_network::program::main(arguments),
        _ => {
            eprintln!("{name}: started under another name than agent, containers, fetch, health or network");
            ExitCode::from(2)
        }
    }
}
