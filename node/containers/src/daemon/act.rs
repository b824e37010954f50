//! Carries out what the fleet plans: one task an action, and an event when it is done.

use std::time::Duration;

use corten_config::settings::{Workload, WorkloadNetwork};

use super::programs::{self, LOOK_AGAIN, Program};
use super::shell::Shell;
use super::{binds, rests, root, start};
use crate::fleet::{Action, Event, Exited, Id, Ready, Rest, Run};
use crate::network::{Joined, NetworkError, Places};

const SIGKILL: u32 = 9;
/// What a container counts as that is gone without a word.
const LOST: u32 = 255;

/// Begins an action.
pub(super) fn begin(shell: &Shell, action: Action) {
    let shell = shell.clone();
    tokio::spawn(async move {
        match action {
            Action::Fetch(id) => {
                let answer = fetch(&shell, &id).await;
                shell.tell(Event::Fetched(id, answer));
            }
            Action::Join(name) => {
                let answer = join(&shell, &name).await;
                shell.tell(Event::Joined(name, answer));
            }
            Action::Leave(name) => {
                let answer = leave(&shell, &name).await;
                shell.tell(Event::Left(name, answer));
            }
            Action::Start(id, form) => {
                let turn = shell.turns.acquire().await;
                let answer = start::start(&shell, &id, form).await.map_err(|error| error.to_string());
                drop(turn);
                let runs = answer.is_ok();
                shell.tell(Event::Started(id.clone(), answer));
                if runs {
                    follow(&shell, id);
                }
            }
            Action::Stop(id) => stop(&shell, &id).await,
            Action::Clean(id) => {
                let turn = shell.turns.acquire().await;
                let answer = clean(&shell, &id).await;
                drop(turn);
                shell.tell(Event::Cleaned(id, answer));
            }
        }
    });
}

async fn fetch(shell: &Shell, id: &Id) -> Result<String, String> {
    let (_, container) = shell.settings(id).ok_or("it is not wanted any more")?;
    let found = shell.images.ensure(&container.image, &shell.order()).await;
    found.map(|image| image.digest).map_err(|error| error.to_string())
}

/// Runs something that waits for programs and the kernel with the networks.
pub(crate) async fn with_networks<T: Send + 'static>(
    shell: &Shell,
    work: impl FnOnce(&mut crate::network::Networks) -> Result<T, NetworkError> + Send + 'static,
) -> Result<T, String> {
    let shell = shell.clone();
    let done = tokio::task::spawn_blocking(move || {
        let mut networks = shell.networks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut networks)
    });
    done.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

async fn join(shell: &Shell, name: &str) -> Result<(), String> {
    let workload = shell.fleet().group(name).and_then(|group| group.wanted.clone());
    let workload = workload.ok_or("it is not wanted any more")?;
    let joined = joined(shell, name, &workload).await?;
    write_files(shell, name, &joined).map_err(|error| error.to_string())
}

/// The node's own network, which needs nobody's turn.
pub(super) fn of_node() -> Result<Joined, String> {
    Joined::of_node(&Places::of_node()).map_err(|error| error.to_string())
}

/// The network of a workload, which is given to it if it has none.
pub(super) async fn joined(shell: &Shell, name: &str, workload: &Workload) -> Result<Joined, String> {
    if workload.network == WorkloadNetwork::Host {
        return of_node();
    }
    let (name, workload) = (name.to_owned(), workload.clone());
    with_networks(shell, move |networks| networks.join(&name, &workload)).await
}

async fn leave(shell: &Shell, name: &str) -> Result<(), String> {
    let own = name.to_owned();
    with_networks(shell, move |networks| networks.leave(&own)).await?;
    root::remove(&shell.paths.shared(name)).map_err(|error| error.to_string())
}

/// Writes what containers of a workload see of names. Files are replaced in place: they are mounted.
pub(super) fn write_files(shell: &Shell, name: &str, joined: &Joined) -> std::io::Result<()> {
    let folder = shell.paths.shared(name);
    std::fs::create_dir_all(&folder)?;
    let hostname = joined.hostname.clone().unwrap_or_default();
    for (file, text) in
        [("resolv.conf", &joined.resolv_conf), ("hosts", &joined.hosts), ("hostname", &hostname)]
    {
        let path = folder.join(file);
        if std::fs::read_to_string(&path).is_ok_and(|now| now == *text) {
            continue;
        }
        std::fs::write(&path, text)?;
    }
    Ok(())
}

/// Waits for the end of a container, beside its checks.
pub(super) fn follow(shell: &Shell, id: Id) {
    let shell = shell.clone();
    tokio::spawn(async move {
        let checks = super::check::begin(&shell, &id);
        let code = programs::ended(&shell.containerd, &Program::main(id.key())).await.unwrap_or(LOST);
        checks.abort();
        let out_of_memory = super::usage::ran_out_of_memory(&id);
        shell.tell(Event::Exited(id, Exited { code, out_of_memory }));
    });
}

async fn stop(shell: &Shell, id: &Id) {
    let run = shell.kept().runs.get(id).cloned().unwrap_or_default();
    let key = id.key();
    let pid = pid(shell, id);
    let is_there = || pid.is_some() && pid == self::pid(shell, id);
    // Its time begins when it was told: containerd may be away.
    while is_there() && shell.containerd.kill(&key, "", run.stop_signal, false).await.is_err() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let until = tokio::time::Instant::now() + Duration::from_secs(run.stop_seconds.into());
    while is_there() {
        let now = tokio::time::Instant::now();
        if now >= until {
            let _ = shell.containerd.kill(&key, "", SIGKILL, true).await;
            tokio::time::sleep(LOOK_AGAIN).await;
        } else {
            tokio::time::sleep(LOOK_AGAIN.min(until - now)).await;
        }
    }
}

fn pid(shell: &Shell, id: &Id) -> Option<u32> {
    match shell.fleet().unit(id)?.run {
        Run::Up { pid, .. } => Some(pid),
        _ => None,
    }
}

/// Removes what is left of a run, and of the container if it is not to be started again in this form.
async fn clean(shell: &Shell, id: &Id) -> Result<Rest, String> {
    let key = id.key();
    let said = |error: crate::Error| error.to_string();
    // One whose start failed may still have a process.
    let _ = shell.containerd.kill(&key, "", SIGKILL, true).await;
    shell.containerd.delete_task(&key).await.map_err(said)?;
    let attached = shell.kept().attached.remove(id);
    if let Some(attached) = attached {
        attached.finish().await;
    }
    let is_known = shell.kept().records.contains_key(id);
    let rest = if is_known && shell.settings(id).is_some() { Rest::Record } else { Rest::Nothing };
    if rest == Rest::Nothing {
        shell.containerd.delete_record(&key).await.map_err(said)?;
        shell.kept().records.remove(id);
    }
    shell.kept().runs.remove(id);
    let paths = shell.paths.clone();
    let id = id.clone();
    let removed = tokio::task::spawn_blocking(move || {
        rests::remove_task(&paths.task(&id))?;
        binds::release(&paths.held(&id))?;
        root::remove(&paths.of_run(&id))?;
        root::remove(&paths.written(&id))
    });
    removed.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    Ok(rest)
}

/// Where the checks of a container ask.
pub(super) async fn place(shell: &Shell, id: &Id) -> crate::checks::Place {
    use crate::checks::Place;
    let Some((workload, _)) = shell.settings(id) else { return Place::node() };
    if workload.network == WorkloadNetwork::Host {
        return Place::node();
    }
    let name = id.workload.clone();
    let joined = with_networks(shell, move |networks| networks.look_up(&name)).await.ok().flatten();
    match joined {
        Some(Joined { addresses, .. }) if !addresses.is_empty() => {
            addresses.first().copied().map_or_else(Place::node, Place::Address)
        }
        Some(Joined { namespace: Some(path), .. }) => Place::Namespace(path),
        _ => Place::node(),
    }
}

/// Tells what checks say.
pub(super) fn tell_news(shell: &Shell, id: &Id, news: crate::checks::News) {
    use crate::checks::News;
    shell.tell(match news {
        News::Ready => Event::Ready(id.clone(), Ready::Yes, String::new()),
        News::Unready { reason } => Event::Ready(id.clone(), Ready::No, reason),
        // It changes nothing yet.
        News::Failed { .. } => return,
        News::Restart { reason } => Event::Unwell(id.clone(), reason),
    });
}
