//! Several downloads at a time.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use super::download::Downloader;
use super::{Effort, FetchError, Network, Wanted};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::store::Store;
use crate::transport::Transport;

/// Fetches all files that the store lacks. Of several failures, that of the first file in the list is returned.
pub fn fetch_all(
    store: &Store,
    transport: &Transport,
    wanted: &[Wanted],
    effort: Effort,
    events: Events<'_>,
) -> Result<(), Error> {
    let mut missing: Vec<(usize, &Wanted)> =
        wanted.iter().enumerate().filter(|(_, file)| !store.contains(file.sha256)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let bytes = missing.iter().map(|(_, file)| file.size).sum();
    events(Event::DownloadsStarted { files: missing.len(), bytes });
    // Large files first, so that none of them is left alone at the end.
    missing.sort_by_key(|(at, file)| (std::cmp::Reverse(file.size), *at));
    let threads = effort.connections.clamp(1, missing.len());
    let queue = Mutex::new(VecDeque::from(missing));
    let failures: Mutex<Vec<(usize, Error)>> = Mutex::default();
    let downloader = Downloader { store, transport, effort, events };
    // The queue is free again before a download starts.
    let next = || locked(&queue).pop_front();
    let work = || {
        while let Some((at, file)) = next() {
            if let Err(error) = downloader.fetch(file) {
                locked(&failures).push((at, error));
                locked(&queue).clear();
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    match failures.into_iter().min_by_key(|(at, _)| *at) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// Fails when something is missing that may not be fetched.
pub fn check_network(store: &Store, wanted: &[Wanted], network: Network) -> Result<(), FetchError> {
    let missing: Vec<String> = wanted.iter().filter(|file| !store.contains(file.sha256)).map(label).collect();
    match network {
        Network::Offline if !missing.is_empty() => Err(FetchError::Offline(missing)),
        _ => Ok(()),
    }
}

fn label(wanted: &Wanted) -> String {
    match &wanted.version {
        Some(version) => format!("{} {version}", wanted.name),
        None => wanted.name.clone(),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
