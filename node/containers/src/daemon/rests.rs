//! What is left of containers that are gone, and that nobody else removes: shims that containerd gave up on when it was too
//! busy to wait for their end, folders of tasks that it was killed in the middle of making, and control groups of
//! workloads that are not wanted any more.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::io::Errno;
use rustix::mount::UnmountFlags;
use rustix::process::{Pid, Signal, kill_process};

use super::shell::Shell;
use super::{root, usage};
use crate::containerd::NAMESPACE;
use crate::fleet::{Fleet, Id};

/// The name of a shim's program.
const SHIM: &str = "containerd-shim";

/// What is known of rests between two looks.
#[derive(Clone, Debug)]
pub(super) struct Rests {
    /// Whether something was removed since the last look, so that something may be left of it.
    is_due: bool,
    /// Shims that had nothing left to do at the last look. They may have been on their way out.
    idle: Vec<Pid>,
}

impl Default for Rests {
    /// An earlier daemon may have left something.
    fn default() -> Self {
        Self { is_due: true, idle: Vec::new() }
    }
}

impl Rests {
    /// Something was removed.
    pub(super) fn look_again(&mut self) {
        self.is_due = true;
    }
}

/// Looks for rests, if there may be any. What is ended was idle for the time between two looks.
pub(super) async fn sweep(shell: &Shell) {
    let idle = {
        let rests = &mut shell.kept().rests;
        if !std::mem::take(&mut rests.is_due) {
            return;
        }
        std::mem::take(&mut rests.idle)
    };
    let sweeping = shell.clone();
    let swept = tokio::task::spawn_blocking(move || {
        remove_groups(&sweeping, &usage::workloads());
        end_shims(&sweeping, &idle)
    });
    match swept.await {
        Ok(idle) => {
            let rests = &mut shell.kept().rests;
            rests.is_due |= !idle.is_empty();
            rests.idle = idle;
        }
        Err(error) => eprintln!("looking for what is left of containers: {error}"),
    }
}

/// Removes the folder of a task that containerd knows nothing of. One that was killed while it made a task leaves the
/// folder half filled: it can't clean that up itself when it starts again, and refuses every new task of this name.
pub(super) fn remove_task(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let root = folder.join("rootfs");
    loop {
        match rustix::mount::unmount(&root, UnmountFlags::DETACH) {
            Ok(()) => {}
            // Nothing is mounted there, or it is not there.
            Err(Errno::INVAL | Errno::NOENT) => break,
            // What is below may be of others, so nothing is removed.
            Err(errno) => return Err(errno.into()),
        }
    }
    root::remove(folder)
}

/// Whether nothing of a container is there, and nothing is being made. It stays so for as long as nobody else has the
/// fleet.
fn is_nothing(fleet: &Fleet, id: &Id) -> bool {
    fleet.unit(id).is_none_or(|unit| unit.run.is_nothing())
}

/// Ends shims of containers that are gone if they were idle before, and returns the others that are idle.
fn end_shims(shell: &Shell, before: &[Pid]) -> Vec<Pid> {
    let mut idle = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let Some(pid) = pid else { continue };
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let Some(id) = of_shim(&arguments) else { continue };
        let fleet = shell.fleet();
        if !is_nothing(&fleet, &id) {
            continue;
        }
        if !before.contains(&pid) {
            idle.push(pid);
        } else if kill_process(pid, Signal::KILL).is_ok() {
            eprintln!("{id}: its shim was left behind, and is ended");
        }
    }
    idle
}

/// The container that a process is the shim of, by its arguments, each of which ends with NUL.
fn of_shim(arguments: &[u8]) -> Option<Id> {
    let mut words =
        arguments.split(|byte| *byte == 0).map(|word| std::str::from_utf8(word).unwrap_or_default());
    let program = words.next()?.rsplit('/').next()?;
    let mut value = |name: &str| words.by_ref().find(|word| *word == name).and_then(|_| words.next());
    if !program.starts_with(SHIM) || value("-namespace")? != NAMESPACE {
        return None;
    }
    Id::from_key(value("-id")?)
}

/// Removes control groups of workloads that are not wanted any more. What still runs in one keeps it.
fn remove_groups(shell: &Shell, folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let fleet = shell.fleet();
        if fleet.group(&name).is_some() || !entry.path().is_dir() {
            continue;
        }
        match fs::remove_dir(entry.path()) {
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ResourceBusy) => {
                eprintln!("{}: {error}", entry.path().display());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shims_are_known_by_their_arguments() {
        let of = |words: &[&str]| {
            let arguments: Vec<u8> = words.iter().flat_map(|word| [word.as_bytes(), &[0]].concat()).collect();
            of_shim(&arguments)
        };
        let shim = "/usr/bin/containerd-shim-runc-v2";
        let socket = ["-address", "/run/containerd/containerd.sock"];
        let whole = |namespace, id| [&[shim, "-namespace", namespace, "-id", id], &socket[..]].concat();
        assert_eq!(of(&whole("corten", "web.nginx")), Some(Id::new("web", "nginx")));
        // Of somebody else, and of a container for finding faults.
        assert_eq!(of(&whole("moby", "web.nginx")), None);
        assert_eq!(of(&whole("corten", "corten-debug-1")), None);
        assert_eq!(of(&["/usr/bin/sleep", "-namespace", "corten", "-id", "web.nginx"]), None);
        assert_eq!(of(&[shim, "-namespace", "corten", "-id"]), None);
        assert_eq!(of_shim(b""), None);
    }
}
