//! Views of layers that nothing needs any more. A view keeps its layers, and it stays when the name of its image comes to
//! mean another one: what runs goes on with the layers that it has.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::store::chain;
use super::{ImageError, Images};

/// What the kernel has mounted for this process. containerd's shims mount roots where it sees them.
const MOUNTS: &str = "/proc/self/mountinfo";

/// What is known of views.
#[derive(Debug)]
pub(super) struct Left {
    /// Whether there may be some that nothing needs.
    look: bool,
    /// Those that nothing needed last time.
    unneeded: BTreeSet<String>,
}

impl Default for Left {
    /// An earlier run of the program may have left some.
    fn default() -> Self {
        Self { look: true, unneeded: BTreeSet::new() }
    }
}

impl Images {
    /// An image came or went: there may be views that nothing needs.
    pub(super) fn views_may_be_left(&self) {
        self.left().look = true;
    }

    /// Removes the views that neither an image of the store nor a container needs. One goes when nothing needed it twice: a
    /// container that starts has found its layers before they are mounted. While images come in nothing is done.
    pub async fn remove_left_views(&self) -> Result<(), ImageError> {
        if !self.left().look {
            return Ok(());
        }
        let Ok(_turn) = self.turn.try_lock() else { return Ok(()) };
        let tops = self.tops().await?;
        let mut left = Left { look: false, unneeded: BTreeSet::new() };
        for view in self.containerd.views().await? {
            if tops.contains(&view) {
                continue;
            }
            let is_mounted = self.is_mounted(&view).await?;
            if !is_mounted && self.left().unneeded.contains(&view) {
                self.containerd.remove_view(&view).await?;
                continue;
            }
            left.look = true;
            if !is_mounted {
                left.unneeded.insert(view);
            }
        }
        *self.left() = left;
        Ok(())
    }

    /// Names of the stacks of all images of the store.
    async fn tops(&self) -> Result<BTreeSet<String>, ImageError> {
        let mut tops = BTreeSet::new();
        for stored in self.containerd.images().await? {
            match self.documents(stored).await {
                Ok(known) => tops.extend(known.and_then(|known| chain(&known.config.rootfs.diff_ids).pop())),
                // One that can't be read runs nowhere.
                Err(ImageError::Document { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(tops)
    }

    /// Whether a root with this stack of layers is mounted.
    pub(super) async fn is_mounted(&self, chain: &str) -> Result<bool, ImageError> {
        let wrong = |error| ImageError::File { path: MOUNTS.into(), error };
        let mounted = topmost(&std::fs::read_to_string(MOUNTS).map_err(wrong)?);
        let layers = self.containerd.layers(chain).await?;
        Ok(layers.is_some_and(|layers| layers.first().is_some_and(|top| mounted.contains(top))))
    }
}

/// The topmost layer of each overlay among mounts (proc_pid_mountinfo(5)). No two stacks have the same one: containerd
/// unpacks a layer anew on top of others.
fn topmost(mounts: &str) -> BTreeSet<PathBuf> {
    let of_line = |line: &str| {
        let (_, rest) = line.split_once(" - ")?;
        let mut words = rest.split(' ');
        let options = words.next().filter(|kind| *kind == "overlay").and_then(|_| words.nth(1))?;
        // The kernel tells them as they were given: all at once, or one by one.
        let layers = options.split(',').find_map(|option| {
            option.strip_prefix("lowerdir=").or_else(|| option.strip_prefix("lowerdir+="))
        })?;
        layers.split(':').next().map(PathBuf::from)
    };
    mounts.lines().filter_map(of_line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_topmost_layer_of_an_overlay_is_found_however_it_was_mounted() {
        let mounts = "\
22 1 0:20 / /proc rw,nosuid - proc proc rw
40 22 0:40 / /run/a rw,nodev shared:9 - overlay overlay rw,lowerdir=/l/2/fs:/l/1/fs,upperdir=/u,workdir=/w
41 22 0:41 / /run/b rw,nodev - overlay overlay rw,lowerdir+=/l/4/fs,lowerdir+=/l/3/fs,upperdir=/u,volatile
42 22 0:42 / /t rw - tmpfs lowerdir=/no rw,lowerdir=/no
";
        assert_eq!(topmost(mounts), BTreeSet::from(["/l/2/fs", "/l/4/fs"].map(PathBuf::from)));
    }
}
