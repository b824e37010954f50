//! What is left of containers that are gone, and that nobody else removes: shims that containerd gave up on when it was too
//! busy to wait for their end, folders of tasks that it was killed in the middle of making, and control groups of
//! workloads that are not wanted any more.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use corten_sys::mount::unmount_all;
use rustix::process::{Pid, Signal, kill_process};

use super::shell::Shell;
use super::{root, usage};
use crate::containerd::NAMESPACE;
use crate::fleet::{Fleet, Group, Id};

/// The name of a shim's program.
const SHIM: &str = "containerd-shim";

/// What is known of rests between two looks.
#[derive(Clone, Debug)]
pub(super) struct Rests {
    /// Whether something was removed since the last look, so that something may be left of it.
    is_due: bool,
    /// What nobody needed at the last look.
    unused: Unused,
}

/// What nobody needs. It may be on its way out, or be made at this moment.
#[derive(Clone, Debug, Default)]
struct Unused {
    /// Shims that have nothing left to do.
    shims: Vec<Pid>,
    /// Sockets of shims at which nobody listens.
    sockets: Vec<PathBuf>,
}

impl Unused {
    fn is_empty(&self) -> bool {
        self.shims.is_empty() && self.sockets.is_empty()
    }
}

impl Default for Rests {
    /// An earlier daemon may have left something.
    fn default() -> Self {
        Self { is_due: true, unused: Unused::default() }
    }
}

impl Rests {
    /// Something was removed.
    pub(super) fn look_again(&mut self) {
        self.is_due = true;
    }
}

/// Looks for rests, if there may be any. What goes was not needed for the time between two looks.
pub(super) async fn sweep(shell: &Shell) {
    let before = {
        let rests = &mut shell.kept().rests;
        if !std::mem::take(&mut rests.is_due) {
            return;
        }
        std::mem::take(&mut rests.unused)
    };
    let sweeping = shell.clone();
    let swept = tokio::task::spawn_blocking(move || {
        let are_groups_left = remove_groups(&sweeping, &usage::workloads());
        let unused = Unused {
            shims: end_shims(&sweeping, &before.shims),
            sockets: remove_sockets(&sweeping.paths.shim_sockets(), &before.sockets),
        };
        (are_groups_left, unused)
    });
    match swept.await {
        Ok((are_groups_left, unused)) => {
            let rests = &mut shell.kept().rests;
            rests.is_due |= are_groups_left || !unused.is_empty();
            rests.unused = unused;
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
    // What is mounted there may be of others, so without this nothing is removed.
    unmount_all(&folder.join("rootfs")).map_err(io::Error::other)?;
    root::remove(folder)
}

/// Whether a shim has nothing to do: one has all containers of a workload, and the name of the first. It stays so for as
/// long as nobody else has the fleet.
fn is_idle(fleet: &Fleet, id: &Id) -> bool {
    fleet.group(&id.workload).is_none_or(Group::has_no_process)
}

/// Ends shims of workloads that are gone if they were idle before, and returns the others that are idle.
fn end_shims(shell: &Shell, before: &[Pid]) -> Vec<Pid> {
    let mut idle = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        let Some(pid) = pid else { continue };
        let arguments = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let Some(id) = of_shim(&arguments) else { continue };
        let fleet = shell.fleet();
        if !is_idle(&fleet, &id) {
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

/// Removes sockets of shims that are gone without removing them, if they were found before; returns the others.
fn remove_sockets(folder: &Path, before: &[PathBuf]) -> Vec<PathBuf> {
    let mut silent = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let tried = UnixStream::connect(&path);
        if !tried.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            continue;
        }
        if !before.contains(&path) {
            silent.push(path);
        } else if let Err(error) = fs::remove_file(&path) {
            eprintln!("{}: {error}", path.display());
        }
    }
    silent
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

/// Removes control groups of workloads that are not wanted any more. Returns whether some are left: what still runs in one
/// keeps it.
fn remove_groups(shell: &Shell, folder: &Path) -> bool {
    let mut are_left = false;
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let fleet = shell.fleet();
        if fleet.group(&name).is_none() {
            are_left |= !remove_group(&entry.path());
        }
    }
    are_left
}

/// Removes a control group with those in it; what else is in its folder is the kernel's. `false` if a process keeps it.
fn remove_group(folder: &Path) -> bool {
    if !folder.is_dir() {
        return true;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        remove_group(&entry.path());
    }
    match fs::remove_dir(folder) {
        Ok(()) => true,
        Err(error) => match error.kind() {
            ErrorKind::NotFound => true,
            // Of a folder that is none of the kernel's, as in a test, the same is said in other words.
            ErrorKind::ResourceBusy | ErrorKind::DirectoryNotEmpty => false,
            // Looking again would not help.
            _ => {
                eprintln!("{}: {error}", folder.display());
                true
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::fleet::{Event, Found, Memory};

    #[test]
    fn a_shim_is_idle_when_no_container_of_its_workload_is_there() {
        let mut fleet = Fleet::default();
        let first = Id::new("web", "first");
        assert!(is_idle(&fleet, &first));
        let second = Found { id: Id::new("web", "second"), fingerprint: "f".into(), pid: Some(7) };
        fleet.hear(0, Event::Looked(vec![second], BTreeSet::new(), Memory::default()));
        assert!(!is_idle(&fleet, &first), "the shim of the first one has the second one as well");
    }

    #[test]
    fn a_control_group_goes_with_those_in_it_once_nothing_keeps_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let group = folder.path().join("web");
        fs::create_dir_all(group.join("main/deep")).expect("writable");
        fs::write(group.join("main/process"), "").expect("writable");
        assert!(!remove_group(&group), "it is busy, and has to be looked at again");
        assert!(!group.join("main/deep").exists() && group.join("main/process").exists());
        fs::remove_file(group.join("main/process")).expect("ours");
        assert!(remove_group(&group));
        assert!(!group.exists());
        assert!(remove_group(&group), "somebody else was faster");
    }

    #[test]
    fn a_socket_goes_when_nobody_listens_for_the_second_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |name: &str| folder.path().join(name);
        let _listens = UnixListener::bind(of("listens")).expect("a socket");
        drop(UnixListener::bind(of("silent")).expect("a socket"));
        let before = remove_sockets(folder.path(), &[]);
        assert_eq!(before, [of("silent")]);
        assert_eq!(remove_sockets(folder.path(), &before), Vec::<PathBuf>::new());
        assert_eq!((of("listens").exists(), of("silent").exists()), (true, false));
    }

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
