//! Layers of images as folders.
//!
//! containerd unpacks each layer once into a snapshot, named by the chain of layers up to it. What a container's root is
//! made of are folders of snapshots; a view of the topmost one tells which. The view stays for as long as the image
//! does, so that a start asks containerd for nothing but the task.

use std::path::PathBuf;

use tonic::transport::Channel;

use super::{Containerd, Descriptor, Lease, SNAPSHOTTER, if_there, or_there, refused, request};
use crate::Error;
use crate::api::containerd::services::diff::v1::ApplyRequest;
use crate::api::containerd::services::diff::v1::diff_client::DiffClient;
use crate::api::containerd::services::snapshots::v1::snapshots_client::SnapshotsClient;
use crate::api::containerd::services::snapshots::v1::{
    CommitSnapshotRequest, ListSnapshotsRequest, MountsRequest, PrepareSnapshotRequest,
    RemoveSnapshotRequest, StatSnapshotRequest, ViewSnapshotRequest,
};
use crate::api::containerd::types::Mount;

/// A snapshot with this label is kept though nothing refers to it.
const ROOT: &str = "containerd.io/gc.root";
/// What the name of a view begins with; that of its chain comes after it.
const VIEW: &str = "corten-view-";

/// Folders that a root is made of, topmost first.
pub type Layers = Vec<PathBuf>;

impl Containerd {
    fn snapshots(&self) -> SnapshotsClient<Channel> {
        SnapshotsClient::new(self.channel.clone())
    }

    /// Whether there is a snapshot of this name.
    pub async fn has_snapshot(&self, name: &str) -> Result<bool, Error> {
        let stat = StatSnapshotRequest { snapshotter: SNAPSHOTTER.into(), key: name.to_owned() };
        let answer = self.snapshots().stat(request(stat)).await.map_err(refused("look for a snapshot"));
        Ok(if_there(answer)?.is_some())
    }

    /// Unpacks a layer, whose blob is there, on top of another one. `below` is the name of the chain without it, empty for
    /// the lowest, `name` that with it. It stays under the lease until the configuration of an image refers to it.
    /// Returns the digest of what was unpacked, which is there under its name only if it is the expected one.
    pub async fn unpack(
        &self,
        (layer, expected): (&Descriptor, &str),
        (below, name): (&str, &str),
        lease: &Lease,
    ) -> Result<String, Error> {
        let key = format!("corten-unpack-{name}");
        // One that was cut short is in the way.
        self.remove_snapshot(&key).await?;
        let prepare = PrepareSnapshotRequest {
            snapshotter: SNAPSHOTTER.into(),
            key: key.clone(),
            parent: below.to_owned(),
            ..PrepareSnapshotRequest::default()
        };
        let answer = self.snapshots().prepare(lease.on(request(prepare))).await;
        let mounts = answer.map_err(refused("prepare a snapshot"))?.into_inner().mounts;
        // Synced: what the chain's name stands for must be whole after a power cut.
        let apply =
            ApplyRequest { diff: Some(layer.into()), mounts, sync_fs: true, ..ApplyRequest::default() };
        let mut diff = DiffClient::new(self.channel.clone());
        let applied = diff.apply(request(apply)).await.map_err(refused("unpack a layer"))?.into_inner();
        let found = applied.applied.map(|applied| applied.digest).unwrap_or_default();
        if found != expected {
            self.remove_snapshot(&key).await?;
            return Ok(found);
        }
        let commit = CommitSnapshotRequest {
            snapshotter: SNAPSHOTTER.into(),
            name: name.to_owned(),
            key,
            ..CommitSnapshotRequest::default()
        };
        let answer =
            self.snapshots().commit(lease.on(request(commit))).await.map_err(refused("commit a snapshot"));
        or_there(answer.map(drop))?;
        Ok(found)
    }

    /// The folders of a chain of layers, topmost first; `None` where the chain is not there.
    pub async fn layers(&self, chain: &str) -> Result<Option<Layers>, Error> {
        let key = format!("{VIEW}{chain}");
        let mounts = MountsRequest { snapshotter: SNAPSHOTTER.into(), key: key.clone() };
        let answer = self.snapshots().mounts(request(mounts)).await.map_err(refused("find a snapshot"));
        if let Some(answer) = if_there(answer)? {
            return folders(&answer.into_inner().mounts).map(Some);
        }
        let view = ViewSnapshotRequest {
            snapshotter: SNAPSHOTTER.into(),
            key,
            parent: chain.to_owned(),
            labels: [(ROOT.to_owned(), "view".to_owned())].into(),
        };
        let answer = self.snapshots().view(request(view)).await.map_err(refused("look at a snapshot"));
        match if_there(answer)? {
            Some(answer) => folders(&answer.into_inner().mounts).map(Some),
            None => Ok(None),
        }
    }

    /// The chains that have a view.
    pub async fn views(&self) -> Result<Vec<String>, Error> {
        let filters = vec![format!("name~=\"^{VIEW}\"")];
        let list = ListSnapshotsRequest { snapshotter: SNAPSHOTTER.into(), filters };
        let answer = self.snapshots().list(request(list)).await.map_err(refused("list snapshots"))?;
        let mut answers = answer.into_inner();
        let mut views = Vec::new();
        while let Some(some) = answers.message().await.map_err(refused("list snapshots"))? {
            let chains = some.info.iter().filter_map(|info| info.name.strip_prefix(VIEW));
            views.extend(chains.map(str::to_owned));
        }
        Ok(views)
    }

    /// Removes the view of a chain.
    pub async fn remove_view(&self, chain: &str) -> Result<(), Error> {
        self.remove_snapshot(&format!("{VIEW}{chain}")).await
    }

    /// Removes a snapshot. That there is none is no failure.
    pub async fn remove_snapshot(&self, name: &str) -> Result<(), Error> {
        let remove = RemoveSnapshotRequest { snapshotter: SNAPSHOTTER.into(), key: name.to_owned() };
        let answer = self.snapshots().remove(request(remove)).await.map_err(refused("remove a snapshot"));
        if_there(answer).map(drop)
    }
}

/// The folders that the mounts of a view name: one as a bind mount, several as an overlay.
fn folders(mounts: &[Mount]) -> Result<Layers, Error> {
    let [mount] = mounts else { return Err(Error::Mounts(format!("{} mounts", mounts.len()))) };
    if mount.r#type == "bind" {
        return Ok(vec![PathBuf::from(&mount.source)]);
    }
    let lower = mount.options.iter().find_map(|option| option.strip_prefix("lowerdir="));
    match lower {
        Some(lower) if mount.r#type == "overlay" => Ok(lower.split(':').map(PathBuf::from).collect()),
        _ => Err(Error::Mounts(mount.r#type.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mount(kind: &str, source: &str, options: &[&str]) -> Mount {
        Mount {
            r#type: kind.into(),
            source: source.into(),
            options: options.iter().map(ToString::to_string).collect(),
            ..Mount::default()
        }
    }

    #[test]
    fn one_layer_is_a_bind_mount_and_several_are_an_overlay() {
        let one = folders(&[mount("bind", "/a/1/fs", &["ro", "rbind"])]).expect("folders");
        assert_eq!(one, [PathBuf::from("/a/1/fs")]);
        let two = folders(&[mount("overlay", "overlay", &["index=off", "lowerdir=/a/2/fs:/a/1/fs"])]);
        assert_eq!(two.expect("folders"), [PathBuf::from("/a/2/fs"), PathBuf::from("/a/1/fs")]);
        assert!(folders(&[]).is_err());
        assert!(folders(&[mount("tmpfs", "tmpfs", &["lowerdir=/a"])]).is_err());
    }
}
