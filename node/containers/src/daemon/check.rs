//! The checks of a container that runs.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinHandle;

use super::act;
use super::shell::Shell;
use crate::checks::{Checks, Commands, watch};
use crate::containerd::Io;
use crate::fleet::Id;
use crate::spec::exec_process;

/// Numbers of programs that checks run: each has a name of its own.
static NUMBER: AtomicU64 = AtomicU64::new(0);
const SIGKILL: u32 = 9;

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
    key: String,
    exec: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let (shell, key, exec) = (self.shell.clone(), self.key.clone(), self.exec.clone());
        tokio::spawn(async move {
            let containerd = &shell.containerd;
            let _ = containerd.kill(&key, &exec, SIGKILL, false).await;
            // What was killed is over once it was waited for.
            let _ = containerd.wait(&key, &exec).await;
            let _ = containerd.delete_exec(&key, &exec).await;
        });
    }
}

impl Commands for InContainer<'_> {
    async fn run(&self, command: &[String]) -> Result<u32, String> {
        let key = self.id.key();
        let exec = format!("check-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let specification = self.shell.kept().specification(self.id);
        let process = exec_process(&specification, command).ok_or("the container has no specification")?;
        let containerd = &self.shell.containerd;
        let said = |error: crate::Error| error.to_string();
        // What a check prints is of no interest to anybody.
        containerd.exec(&key, &exec, process, &Io::default()).await.map_err(said)?;
        let running = Running { shell: self.shell.clone(), key: key.clone(), exec: exec.clone() };
        containerd.start(&key, &exec).await.map_err(said)?;
        let exit = containerd.wait(&key, &exec).await.map_err(said)?;
        drop(running);
        Ok(exit.0)
    }
}
