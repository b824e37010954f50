//! The daemon: carries out what the fleet plans, and tells it what came of it.
//!
//! One loop decides; everything that takes time is a task of its own that answers with an event. Whatever happens to the
//! daemon, containers go on: it finds them again by containerd's records when it starts.

mod act;
pub(crate) mod binds;
mod check;
mod disk;
mod found;
mod jobs;
mod paths;
pub(crate) mod programs;
mod rests;
pub(crate) mod root;
pub(crate) mod shell;
pub(crate) mod start;
pub(crate) mod usage;
pub(crate) mod users;
mod wanted;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use corten_control::{Answer, ContainersOrder, Request, SOCKET};
use corten_network::SETTINGS_FOLDER;
use corten_network::files::{below, write_json};
use corten_network::folder_watch::FolderWatch;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::containerd::Containerd;
use crate::fleet::{Event, Memory};
use crate::images::{Fetcher, Images, Recipe};
use crate::logs::{LogError, Logs};
use crate::network::{NetworkError, Networks, Places};
use crate::schedule::Jobs;
use crate::serve;
use crate::spec::{Profile, ProfileError};
pub(crate) use act::with_networks;
use paths::Paths;
use shell::{Parts, Shell};

/// How long containerd may take to answer for the first time. init started it before this program.
const CONTAINERD_WITHIN: Duration = Duration::from_secs(90);

/// The user that fetches images.
const FETCH_USER: &str = "corten-fetch";

/// What the program is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Directory below which its files lie.
    pub root: PathBuf,
}

/// Why the program can't go on.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// containerd does not answer.
    #[error(transparent)]
    Containerd(#[from] crate::Error),
    /// A file that it can't do without.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The default seccomp profile.
    #[error("{path}: {error}")]
    Seccomp {
        /// The file.
        path: PathBuf,
        /// Why.
        error: ProfileError,
    },
    /// Logs.
    #[error(transparent)]
    Logs(#[from] LogError),
    /// Networks.
    #[error(transparent)]
    Networks(#[from] NetworkError),
    /// Signals.
    #[error("taking signals: {0}")]
    Signals(std::io::Error),
}

/// Runs until the process is told to end. Containers end with the node alone: when it goes down, and not when this
/// program is started again.
pub async fn run(options: Options) -> Result<(), Fatal> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Fatal::Signals)?;
    let paths = Paths::new(options.root);
    let (sender, mut events) = mpsc::unbounded_channel();
    let shell = Shell::new(parts(&paths).await?, sender);
    disk::begin(&shell).await;
    let serving = serve::listen(&shell).map_err(|error| Fatal::File { path: paths.socket(), error })?;
    tokio::spawn(serving);
    let mut orders = FolderWatch::new(below(paths.root(), SETTINGS_FOLDER));
    take_order(&shell);
    found::look(&shell).await?;
    ready(&shell).await;
    tokio::spawn(disk::tend(shell.clone()));
    let (mut jobs, mut memory) = (Jobs::default(), Memory::default());
    loop {
        jobs::look(&shell, &mut jobs);
        plan(&shell);
        remember(&shell, &mut memory);
        let pause = pause(&shell).min(jobs::pause(&jobs));
        tokio::select! {
            Some(event) = events.recv() => hear(&shell, event),
            () = orders.changed() => take_order(&shell),
            () = tokio::time::sleep(pause) => {}
            _ = terminate.recv() => {
                if !node_goes_down(&shell).await {
                    break;
                }
                hear(&shell, Event::Ends);
            }
        }
        if shell.fleet().has_ended() {
            break;
        }
    }
    detach(&shell).await;
    Ok(())
}

async fn parts(paths: &Paths) -> Result<Parts, Fatal> {
    let file = |path: PathBuf| move |error| Fatal::File { path, error };
    let containerd = Containerd::connect(&paths.containerd_socket(), CONTAINERD_WITHIN).await?;
    let recipe =
        Recipe::read(paths.root()).map_err(file(corten_services::images::IMAGES_INDEX_PATH.into()))?;
    let path = paths.seccomp();
    let profile = std::fs::read(&path).map_err(file(path.clone()))?;
    let seccomp = Profile::parse(&profile).map_err(|error| Fatal::Seccomp { path, error })?;
    let machine = std::fs::read_to_string(paths.root().join("etc/machine-id")).unwrap_or_default();
    Ok(Parts {
        images: Images::new(containerd.clone(), recipe, fetcher(paths), &paths.images_used()),
        containerd,
        logs: Logs::open(paths.root())?,
        seccomp,
        disk: disk::of_state(paths),
        networks: Networks::open(Places::of_node(), machine.trim())?,
        paths: paths.clone(),
    })
}

/// Who fetches images: a user that has nothing else to do here.
fn fetcher(paths: &Paths) -> Fetcher {
    let user = users::identity(&[paths.root().to_owned()], FETCH_USER).ok();
    Fetcher {
        program: paths.root().join("usr/lib/corten/fetch"),
        user: user.map(|user| (user.uid, user.gid)),
        certificates: vec![paths.root().join("etc/ssl/certs/ca-certificates.crt")],
    }
}

/// Reads what the agent wants.
fn take_order(shell: &Shell) {
    match ContainersOrder::read(shell.paths.root()) {
        Ok(Some(order)) if *shell.order() != order || !shell.fleet().is_told() => {
            let wanted = wanted::wanted(&order.containers);
            let fetches_otherwise = wanted::fetches_otherwise(&shell.order(), &order);
            shell.set_order(Arc::new(order));
            hear(shell, Event::Wanted(wanted));
            // Who has mended a password does not want to wait for the end of a pause.
            if fetches_otherwise {
                hear(shell, Event::ImagesCame);
            }
        }
        Ok(_) => {}
        // What runs goes on as it was.
        Err(error) => eprintln!("{error}"),
    }
}

fn hear(shell: &Shell, event: Event) {
    if matches!(event, Event::Cleaned(..) | Event::Left(..)) {
        shell.kept().rests.look_again();
    }
    let now = shell.now();
    shell.fleet().hear(now, event);
}

fn plan(shell: &Shell) {
    let now = shell.now();
    let actions = shell.fleet().plan(now);
    for action in actions {
        act::begin(shell, action);
    }
}

/// Writes down what a later daemon has to know, where it is something else than before.
fn remember(shell: &Shell, before: &mut Memory) {
    let memory = shell.fleet().memory();
    if memory == *before {
        return;
    }
    match write_json(&shell.paths.memory(), &memory) {
        Ok(()) => *before = memory,
        Err(error) => eprintln!("{error}"),
    }
}

/// Time until the next pause of a container is over.
fn pause(shell: &Shell) -> Duration {
    let next = shell.fleet().next();
    let now = shell.now();
    next.map_or(Duration::from_hours(1), |next| Duration::from_millis(next.saturating_sub(now).max(1)))
}

/// Tells init that this program serves. One that is started by hand has no init to tell.
async fn ready(shell: &Shell) {
    let socket = below(shell.paths.root(), SOCKET);
    let found = "workloads can be run".to_owned();
    let asked = tokio::task::spawn_blocking(move || Request::Ready { found }.send(&socket)).await;
    if let Ok(Err(error)) = asked {
        eprintln!("{error}");
    }
}

/// Whether the node is on its way down: init says so of its services then.
async fn node_goes_down(shell: &Shell) -> bool {
    let socket = below(shell.paths.root(), SOCKET);
    let asked = tokio::task::spawn_blocking(move || Request::Going.ask(&socket)).await;
    matches!(asked, Ok(Ok(Answer::Going { then: Some(_) })))
}

/// Leaves containers to themselves: what they print from here on waits in their pipes.
async fn detach(shell: &Shell) {
    let attached = std::mem::take(&mut shell.kept().attached);
    for (_, attached) in attached {
        attached.detach().await;
    }
}
