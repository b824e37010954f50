//! Programs beside what a container runs: execs, checks, and containers for finding faults. Nothing of one is left when
//! it is over, whatever happens to containerd or to this program meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::root;
use super::shell::Shell;
use crate::Error;
use crate::containerd::{Containerd, Record, Task, TaskState};

const SIGKILL: u32 = 9;
/// Pause between two looks while containerd does not answer, or a program does not end.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Refusals after which a program is left to the next start of the daemon: two minutes of them.
const REFUSALS: u32 = 240;

/// Kinds of execs, with which their names begin.
pub(crate) const EXEC: &str = "exec";
/// The same of checks.
pub(super) const CHECK: &str = "check";
/// The same of containers for finding faults.
pub(crate) const DEBUG: &str = "corten-debug";

/// What names of this run of the daemon have in common, and those of no other: an earlier one may have left some.
static RUN: LazyLock<String> = LazyLock::new(|| {
    let mut bytes = [0; 8];
    // Without the kernel's generator there is no node.
    let _ = corten_sys::host::random(&mut bytes);
    format!("{:016x}", u64::from_ne_bytes(bytes))
});
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// A process of a container: that of an exec, or the main one where the name is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) key: String,
    pub(crate) exec: String,
}

impl Program {
    /// What a container runs.
    pub(crate) fn main(key: impl Into<String>) -> Self {
        Self { key: key.into(), exec: String::new() }
    }
}

/// A name that no other program has.
pub(crate) fn name(kind: &str) -> String {
    format!("{kind}-{}-{}", *RUN, NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Whether a name is one that an earlier daemon gave to a program of this kind.
fn is_earlier(name: &str, kind: &str) -> bool {
    let of_it = name.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-'));
    let Some((run, number)) = of_it.and_then(|rest| rest.split_once('-')) else { return false };
    let is_run = run.len() == RUN.len() && run.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_run && number.parse::<u64>().is_ok() && run != *RUN
}

/// Waits for the end of a program, also across restarts of containerd. `None` if nobody knows how it ended.
pub(crate) async fn ended(containerd: &Containerd, program: &Program) -> Option<u32> {
    loop {
        let error = match containerd.wait(&program.key, &program.exec).await {
            Ok(exit) => return Some(exit.0),
            Err(error) => error,
        };
        // An exec that nobody knows is over. A main process is what its task says.
        let is_exec = !program.exec.is_empty();
        if is_exec && error.is_unknown() {
            return None;
        }
        // While containerd is away, nothing is known.
        if let Ok(tasks) = containerd.tasks().await {
            match tasks.iter().find(|task| task.id == program.key).map(|task| task.state) {
                None => return None,
                Some(TaskState::Stopped(exit)) if !is_exec => return Some(exit.0),
                Some(_) => {}
            }
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Removes what containerd has of a program, which is killed if it runs, however long containerd is away. Returns whether
/// nothing is left of it.
pub(crate) async fn remove(containerd: &Containerd, program: &Program) -> bool {
    let Program { key, exec } = program;
    let delete = async || match exec.as_str() {
        "" => containerd.delete_task(key).await,
        exec => containerd.delete_exec(key, exec).await,
    };
    let mut refusals = 0;
    while let Err(error) = delete().await {
        refusals += u32::from(!error.is_outage());
        if refusals > REFUSALS {
            eprintln!("{key}: {exec}: {error}");
            return false;
        }
        let _ = containerd.kill(key, exec, SIGKILL, false).await;
        let over = tokio::time::timeout(LOOK_AGAIN, containerd.wait(key, exec)).await;
        if !matches!(over, Ok(Ok(_))) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
    true
}

/// Removes a container for finding faults. Its record and its root stay for as long as something may run in it.
pub(crate) async fn remove_debug(shell: &Shell, name: &str) {
    if !remove(&shell.containerd, &Program::main(name)).await {
        return;
    }
    while let Err(error) = shell.containerd.delete_record(name).await {
        if !error.is_outage() {
            eprintln!("{name}: {error}");
            return;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let folder = shell.paths.of_debug(name);
    if let Err(error) = root::remove(&folder) {
        eprintln!("{}: {error}", folder.display());
    }
}

/// Removes what programs of an earlier daemon left: their pipes at once, and what containerd has of them after a while.
pub(super) fn remove_rests(shell: &Shell, records: &[Record], tasks: &[Task]) {
    shell.logs.remove_execs();
    let folders = fs::read_dir(shell.paths.of_debug("")).into_iter().flatten().flatten();
    let known = records.iter().map(|record| &record.id).chain(tasks.iter().map(|task| &task.id));
    let names = known.cloned().chain(folders.map(|entry| entry.file_name().to_string_lossy().into_owned()));
    let debugs: BTreeSet<String> = names.filter(|name| is_earlier(name, DEBUG)).collect();
    let is_up = |task: &&Task| task.state == TaskState::Running;
    let keys: Vec<String> = tasks.iter().filter(is_up).map(|task| task.id.clone()).collect();
    let shell = shell.clone();
    tokio::spawn(async move {
        for name in debugs {
            remove_debug(&shell, &name).await;
        }
        for key in keys {
            match execs(&shell.containerd, &key).await {
                Ok(execs) => {
                    for exec in execs {
                        remove(&shell.containerd, &Program { key: key.clone(), exec }).await;
                    }
                }
                Err(error) => eprintln!("{key}: {error}"),
            }
        }
    });
}

/// Execs of a container that run and that an earlier daemon began.
async fn execs(containerd: &Containerd, key: &str) -> Result<Vec<String>, Error> {
    let execs = containerd.execs(key).await?;
    Ok(execs.into_iter().filter(|name| is_earlier(name, EXEC) || is_earlier(name, CHECK)).collect())
}

#[cfg(test)]
mod tests;
