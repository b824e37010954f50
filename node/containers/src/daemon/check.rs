//! The checks of a container that runs.

use tokio::task::JoinHandle;

use super::act;
use super::programs::{self, CHECK, Program};
use super::shell::Shell;
use crate::checks::{Checks, Commands, NotPassed, watch};
use crate::containerd::Io;
use crate::fleet::Id;
use crate::spec::exec_process;

/// Makes the checks of a container until it is told to stop.
pub(super) fn begin(shell: &Shell, id: &Id) -> JoinHandle<()> {
    let (shell, id) = (shell.clone(), id.clone());
    tokio::spawn(async move {
        let Some((_, container)) = shell.settings(&id) else { return };
        let checks = Checks::of(&container);
        let place = act::place(&shell, &id).await;
        let commands = InContainer { shell: &shell, id: &id };
        watch(&checks, &place, &commands, |news| act::tell_news(&shell, &id, news)).await;
    })
}

/// Runs commands in a container.
struct InContainer<'a> {
    shell: &'a Shell,
    id: &'a Id,
}

/// A program that is removed when nobody waits for it any more.
struct Running {
    shell: Shell,
    program: Program,
}

impl Drop for Running {
    fn drop(&mut self) {
        let (shell, program) = (self.shell.clone(), self.program.clone());
        tokio::spawn(async move { programs::remove(&shell.containerd, &program).await });
    }
}

impl Commands for InContainer<'_> {
    async fn run(&self, command: &[String]) -> Result<u32, NotPassed> {
        let (key, exec) = (self.id.key(), programs::name(CHECK));
        let specification = self.shell.kept().specification(self.id);
        let process = exec_process(&specification, command)
            .ok_or_else(|| "the container has no specification".to_owned())?;
        let containerd = &self.shell.containerd;
        // A container has nothing to do with a containerd that is away.
        let said = |error: crate::Error| {
            let kind = if error.is_outage() { NotPassed::NotMade } else { NotPassed::Failed };
            kind(error.to_string())
        };
        let program = Program { key: key.clone(), exec: exec.clone() };
        let running = Running { shell: self.shell.clone(), program };
        // What a check prints is of no interest to anybody.
        containerd.exec(&key, &exec, process, &Io::default()).await.map_err(said)?;
        containerd.start(&key, &exec).await.map_err(said)?;
        let exit = containerd.wait(&key, &exec).await.map_err(said)?;
        drop(running);
        Ok(exit.0)
    }
}
