//! `corten tools`.

use anyhow::Result;

use crate::arguments::ToolsCommand;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::session;

/// Runs the command.
pub fn tools(command: &ToolsCommand) -> Result<Exit> {
    let ToolsCommand::Install { set, folder, archive } = command;
    let progress = Progress::new();
    let tools = session::tools(*set, archive, &progress)?;
    progress.finish();
    let programs = set.programs();
    std::fs::create_dir_all(folder)?;
    tools.write_wrappers(folder, programs)?;
    println!("{}: {}", folder.display(), programs.len());
    Ok(Exit::Done)
}
