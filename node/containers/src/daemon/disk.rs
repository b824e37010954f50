//! The disk of the state: which one it is, how full it is, and what is looked after now and then.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use corten_config::settings::WorkloadNetwork;
use tokio::time::MissedTickBehavior;

use super::act;
use super::paths::Paths;
use super::rests;
use super::root;
use super::shell::Shell;
use crate::fleet::Event;
use crate::logs::ContainerName;
use crate::spec::Disk;

/// How often is looked.
const TEND: Duration = Duration::from_secs(10);

/// The disk that holds the state, as the kernel counts transfers on it; `None` where it is none.
pub(super) fn of_state(paths: &Paths) -> Option<Disk> {
    let device = std::fs::metadata(paths.volumes().ancestors().find(|path| path.exists())?).ok()?.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    // A partition's folder lies in that of its disk.
    let link = format!("/sys/dev/block/{major}:{minor}");
    let folder = std::fs::canonicalize(link).ok()?;
    let own = if folder.join("partition").exists() { folder.parent()? } else { Path::new(&folder) };
    let text = std::fs::read_to_string(own.join("dev")).ok()?;
    let (major, minor) = text.trim().split_once(':')?;
    Some(Disk { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

/// Percent of the state's file system that is in use.
pub(super) fn percent_in_use(paths: &Paths) -> Option<u8> {
    let existing = paths.volumes().ancestors().find(|path| path.exists())?.to_owned();
    let file_system = rustix::fs::statvfs(&existing).ok()?;
    let (all, free) = (file_system.f_blocks, file_system.f_bfree);
    let used = all.saturating_sub(free);
    // As df(1) has it: what is kept for root counts as neither.
    let total = used + file_system.f_bavail;
    (total > 0).then(|| u8::try_from((used * 100).div_ceil(total)).unwrap_or(100))
}

/// Removes what imports and pulls left that were cut short with an earlier run of the program.
pub(super) async fn begin(shell: &Shell) {
    let imports = shell.paths.imports();
    if let Err(error) = root::remove(&imports) {
        eprintln!("{}: {error}", imports.display());
    }
    if let Err(error) = shell.images.forget_intakes().await {
        eprintln!("images: {error}");
    }
}

/// Looks after what changes beside the containers, for as long as the program runs: name servers, names, logs, the disk,
/// and what is left of containers that are gone.
pub(super) async fn tend(shell: Shell) {
    let mut turns = tokio::time::interval(TEND);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turns.tick().await;
        tend_networks(&shell).await;
        // Before anybody has said what is wanted, all logs and images would be nobody's.
        if shell.fleet().is_told() {
            tend_logs(&shell).await;
            tend_images(&shell).await;
        }
        rests::sweep(&shell).await;
    }
}

async fn tend_networks(shell: &Shell) {
    match act::with_networks(shell, crate::network::Networks::tend).await {
        Ok(tended) => {
            if tended.servers_changed {
                refresh(shell).await;
            }
            if !tended.displaced.is_empty() {
                shell.tell(Event::Displaced(tended.displaced));
            }
        }
        Err(error) => eprintln!("networks: {error}"),
    }
}

async fn tend_logs(shell: &Shell) {
    let order = shell.order();
    let workloads = order.containers.workloads.iter();
    let names = workloads.flat_map(|(workload, settings)| {
        settings.containers.keys().filter_map(|container| ContainerName::new(workload, container).ok())
    });
    let (present, logs) = (names.collect(), shell.logs.clone());
    if let Ok(Err(error)) = tokio::task::spawn_blocking(move || logs.tidy(&present)).await {
        eprintln!("logs: {error}");
    }
}

async fn tend_images(shell: &Shell) {
    if let Err(error) = shell.images.save_used() {
        eprintln!("images: {error}");
    }
    if let Err(error) = shell.images.remove_left_views().await {
        eprintln!("images: {error}");
    }
    let limits = shell.order().containers.disk;
    let in_use = || percent_in_use(&shell.paths).unwrap_or(0);
    if in_use() >= limits.high_percent {
        match shell.image_users().await {
            Ok(users) => shell.images.make_room(&users, || in_use() <= limits.low_percent).await,
            Err(error) => eprintln!("images: {error}"),
        }
    }
}

/// Writes the files of all workloads anew.
async fn refresh(shell: &Shell) {
    let wanted: Vec<(String, bool)> = shell
        .fleet()
        .groups()
        .filter_map(|(name, group)| {
            Some((name.clone(), group.wanted.as_ref()?.network == WorkloadNetwork::Host))
        })
        .collect();
    for (name, is_host) in wanted {
        let own = name.clone();
        let joined = if is_host {
            act::of_node().map(Some)
        } else {
            act::with_networks(shell, move |networks| networks.look_up(&own)).await
        };
        if let Ok(Some(joined)) = joined
            && let Err(error) = act::write_files(shell, &name, &joined)
        {
            eprintln!("{}: {error}", shell.paths.shared(&name).display());
        }
    }
}
