//! Waits for files that others put into a folder: by inotify, and by looking each second while there is no folder.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::unix::AsyncFd;

use crate::ready::ready;

/// How often a directory that is not there is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Waits for changes of the files of a folder.
#[derive(Debug)]
pub struct FolderWatch {
    directory: PathBuf,
    watch: Option<AsyncFd<OwnedFd>>,
}

impl FolderWatch {
    /// Waits for changes in this folder. The caller is within a runtime.
    pub fn new(directory: PathBuf) -> Self {
        let watch = begin(&directory).ok();
        Self { directory, watch }
    }

    /// Returns when there may be a new file. Nothing is lost if it is dropped before.
    pub async fn changed(&mut self) {
        let Some(watch) = &self.watch else {
            tokio::time::sleep(LOOK).await;
            // What was written before the watch began is found by looking, which the caller does.
            self.watch = begin(&self.directory).ok();
            return;
        };
        let Ok(mut guard) = watch.readable().await else {
            self.watch = None;
            return;
        };
        let mut buffer = [0; 4096];
        let mut is_gone = false;
        // Which file it was does not matter: looking at one that is as it was costs little.
        while let Ok(length) = rustix::io::read(guard.get_inner(), &mut buffer) {
            is_gone |= length == 0 || !self.directory.exists();
        }
        guard.clear_ready();
        if is_gone {
            self.watch = None;
        }
    }
}

fn begin(directory: &Path) -> std::io::Result<AsyncFd<OwnedFd>> {
    let socket = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let flags =
        WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE | WatchFlags::DELETE_SELF | WatchFlags::ONLYDIR;
    inotify::add_watch(&socket, directory, flags)?;
    ready(socket)
}
