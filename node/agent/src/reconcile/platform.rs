//! Notices when init has put other documents into the platform's folder: disks may appear long after the start.

use std::time::Duration;

use super::files::identity;
use crate::configuration::{Engine, Places};
use crate::root::Root;

/// How often the folder is looked at. Files come into it by renaming, which changes its time.
const PAUSE: Duration = Duration::from_secs(2);

/// Tells the engine about changes for as long as it is there.
pub async fn watch(root: Root, engine: Engine) {
    let folder = Places { root }.platform();
    // The engine has read it before this began to look, and may have missed something since.
    let mut before = None;
    loop {
        let now = identity(&folder);
        if now != before {
            engine.platform_changed().await;
            before = now;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
