//! `corten tools`.

use anyhow::Result;

use crate::arguments::ToolsCommand;
use crate::exit::Exit;
use crate::output::put;
use crate::progress::Progress;
use crate::session;

/// Runs the command.
pub fn tools(command: &ToolsCommand) -> Result<Exit> {
    let ToolsCommand::Install { set, folder, archive } = command;
    let progress = Progress::new();
    let set = set.set();
    let tools = session::tools(&set, archive, &progress)?;
    progress.finish();
    tools.write_wrappers(folder, set.programs)?;
    tools.link_files(folder, set.files)?;
    put(&format!("{}: {} programs\n", folder.display(), set.programs.len()))?;
    Ok(Exit::Done)
}
