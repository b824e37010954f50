//! Makes a container and lets it go.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use corten_config::settings::{Workload, WorkloadNetwork};

use super::binds::{BindError, binds, variables};
use super::shell::{Run, SIGTERM, Shell};
use super::users::NoUser;
use super::{act, root, usage, users};
use crate::containerd::{Io, Record};
use crate::fleet::{Fingerprint, Id};
use crate::images::ImageError;
use crate::logs::LogError;
use crate::spec::{Input, NoCommand, program, specification};

/// The label of a record that says which form of its container it is of.
pub(super) const FORM: &str = "corten.form";
/// The label that says which signal ends it.
pub(super) const STOP: &str = "corten.stop-signal";
/// The label that says how many seconds it has to end then.
pub(super) const STOP_SECONDS: &str = "corten.stop-seconds";
/// The runtime where a workload names none.
const RUNTIME: &str = "crun";

/// Why a container does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// containerd.
    #[error(transparent)]
    Containerd(#[from] crate::Error),
    /// Its image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// What it is given.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Its user.
    #[error(transparent)]
    User(#[from] NoUser),
    /// Its program.
    #[error(transparent)]
    Command(#[from] NoCommand),
    /// Its output.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Its root.
    #[error("{path}: {error}")]
    Root {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Something else, in words.
    #[error("{0}")]
    Other(String),
    /// The image of the node has no such runtime.
    #[error("this node has no runtime {0:?}: its image has to hold it")]
    Runtime(String),
    /// A signal that is none.
    #[error("{0:?} is no signal")]
    Signal(String),
}

/// The program that runs the containers of a workload.
pub(crate) fn runtime(shell: &Shell, workload: &Workload) -> Result<PathBuf, StartError> {
    let name = workload.runtime.as_deref().unwrap_or(RUNTIME);
    shell.paths.runtime(name).ok_or_else(|| StartError::Runtime(name.to_owned()))
}

/// Makes a container and lets it go. Returns its process.
pub(super) async fn start(shell: &Shell, id: &Id, form: Fingerprint) -> Result<u32, StartError> {
    let begun = Instant::now();
    let gone = || StartError::Other("it is not wanted any more".into());
    let (workload, container) = shell.settings(id).ok_or_else(gone)?;
    let order = shell.order();
    let image = shell.images.find(&container.image).await?;
    let image = image.ok_or_else(|| ImageError::Unknown(container.image.clone()))?;
    let runtime_path = runtime(shell, &workload)?;
    let joined = act::joined(shell, &id.workload, &workload).await.map_err(StartError::Other)?;
    shell.images.mark_used(&image.name);
    let stop_signal = signal(container.stop_signal.as_deref().unwrap_or(&image.process.stop_signal))?;
    let prepared = {
        let (shell, id, container, workload) =
            (shell.clone(), id.clone(), container.clone(), workload.clone());
        let image = image.clone();
        let prepare = move || -> Result<_, StartError> {
            let user = container.user.as_deref().unwrap_or(&image.process.user);
            let identity = users::identity(&image.layers, user)?;
            act::write_files(&shell, &id.workload, &joined)
                .map_err(|error| StartError::Root { path: shell.paths.shared(&id.workload), error })?;
            let binds = binds(&id, (&workload, &container), &identity, &order.containers, &shell.paths)?;
            let variables = variables(&container, &order.containers, &shell.paths)?;
            let program = program(&container, &image.process, variables)?;
            let folder =
                root::folder(&container, shell.paths.of_run(&id).join("root"), shell.paths.written(&id));
            let root = root::overlay(&image.layers, &folder)
                .map_err(|error| StartError::Root { path: folder, error })?;
            let hostname = match (&joined.hostname, &order.hostname) {
                (Some(own), _) => own.trim().to_owned(),
                (None, Some(node)) => node.clone(),
                (None, None) => String::new(),
            };
            let specification = specification(&Input {
                workload: &id.workload,
                container: &container,
                program,
                identity,
                hostname: &hostname,
                network: joined.namespace.clone().filter(|_| workload.network != WorkloadNetwork::Host),
                binds,
                cgroup: usage::group(&id),
                disk: shell.disk,
                seccomp: &shell.seccomp,
            });
            Ok((root, specification.to_string()))
        };
        tokio::task::spawn_blocking(prepare).await.map_err(|error| StartError::Other(error.to_string()))?
    };
    let (root, specification) = prepared?;
    let stop_seconds = workload.stop_seconds;
    let labels = BTreeMap::from([
        (FORM.to_owned(), form),
        (STOP.to_owned(), stop_signal.to_string()),
        (STOP_SECONDS.to_owned(), stop_seconds.to_string()),
    ]);
    let wanted = Record {
        id: id.key(),
        image: image.name.clone(),
        labels,
        specification,
        runtime: runtime_path.display().to_string(),
    };
    let runtime = wanted.runtime.clone();
    record(shell, id, wanted).await?;
    let attached = shell.logs.attach(&id.workload, &id.container)?;
    let io = Io {
        stdin: None,
        stdout: Some(attached.io.stdout.clone().into()),
        stderr: Some(attached.io.stderr.clone().into()),
        terminal: false,
    };
    shell.kept().attached.insert(id.clone(), attached);
    let pid = shell.containerd.create_task(&id.key(), &runtime, vec![root], &io).await?;
    shell.containerd.start(&id.key(), "").await?;
    let started_in_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let run =
        Run { stop_signal, stop_seconds, started_in_ms, image_from: image.from.word(), image: image.name };
    shell.kept().runs.insert(id.clone(), run);
    Ok(pid)
}

/// Sees to it that containerd's record says this. One that says it already stays: writing one waits for the disk.
async fn record(shell: &Shell, id: &Id, wanted: Record) -> Result<(), StartError> {
    if shell.kept().records.get(id) == Some(&wanted) {
        return Ok(());
    }
    shell.containerd.delete_record(&wanted.id).await?;
    shell.containerd.create_record(&wanted).await?;
    shell.kept().records.insert(id.clone(), wanted);
    Ok(())
}

/// The number of a signal by its name or number; SIGTERM for none.
fn signal(name: &str) -> Result<u32, StartError> {
    if name.is_empty() {
        return Ok(SIGTERM);
    }
    let wrong = || StartError::Signal(name.to_owned());
    if let Ok(number) = name.parse::<u32>() {
        return (1..=64).contains(&number).then_some(number).ok_or_else(wrong);
    }
    let short = name.strip_prefix("SIG").unwrap_or(name);
    if let Some(rest) = short.strip_prefix("RTMIN") {
        let above: u32 =
            if rest.is_empty() { 0 } else { rest.trim_start_matches('+').parse().map_err(|_| wrong())? };
        return (above <= 30).then_some(34 + above).ok_or_else(wrong);
    }
    let at = SIGNALS.iter().position(|known| *known == short).ok_or_else(wrong)?;
    Ok(at as u32 + 1)
}

/// Signals 1 to 31 of Linux on x86, signal(7).
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
    "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_known_by_name_and_number() {
        for (name, number) in
            [("", 15), ("SIGQUIT", 3), ("TERM", 15), ("9", 9), ("SIGRTMIN+3", 37), ("SIGWINCH", 28)]
        {
            assert_eq!(signal(name).ok(), Some(number), "{name}");
        }
        for wrong in ["SIGNOTHING", "0", "65", "SIGRTMIN+40"] {
            assert!(signal(wrong).is_err(), "{wrong}");
        }
    }
}
