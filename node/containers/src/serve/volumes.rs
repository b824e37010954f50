//! Volumes: what workloads keep on the state.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::UNIX_EPOCH;

use corten_api::v1;
use corten_api::v1::volumes_server::Volumes;
use corten_config::settings::Mount;
use tonic::{Code, Request, Response, Status};

use super::{failed, refuse};
use crate::daemon::root;
use crate::daemon::shell::Shell;

/// Folders within one another that are looked into.
const DEPTH: usize = 64;
const BLOCK: u64 = 512;

pub(super) struct VolumeCalls(pub(super) Shell);

/// Bytes that the files below a folder take on the disk.
fn size(folder: &Path, depth: usize) -> u64 {
    let Some(depth) = depth.checked_sub(1) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(what) if what.is_dir() => size(&entry.path(), depth),
        Ok(what) => what.blocks() * BLOCK,
        Err(_) => 0,
    };
    fs::read_dir(folder).into_iter().flatten().flatten().map(of).sum()
}

impl VolumeCalls {
    /// `WORKLOAD/CONTAINER` of those that use a volume.
    fn users(&self, name: &str) -> Vec<String> {
        let order = self.0.order();
        let mut users = Vec::new();
        for (workload, settings) in &order.containers.workloads {
            for (container, settings) in &settings.containers {
                let is_its = |mount: &Mount| matches!(mount, Mount::Volume { name: own, .. } if own == name);
                if settings.mounts.values().any(is_its) {
                    users.push(format!("{workload}/{container}"));
                }
            }
        }
        users
    }

    fn list(&self) -> io::Result<Vec<v1::Volume>> {
        let entries = match fs::read_dir(self.0.paths.volumes()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut volumes = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let created = entry.metadata().and_then(|what| what.created()).ok();
            let created = created.and_then(|moment| moment.duration_since(UNIX_EPOCH).ok());
            volumes.push(v1::Volume {
                used_by: self.users(&name),
                name,
                bytes: size(&entry.path(), DEPTH),
                created_ns: created.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0),
            });
        }
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }
}

#[tonic::async_trait]
impl Volumes for VolumeCalls {
    async fn list(
        &self,
        _: Request<v1::ListVolumesRequest>,
    ) -> Result<Response<v1::ListVolumesResponse>, Status> {
        let calls = Self(self.0.clone());
        let listed = tokio::task::spawn_blocking(move || calls.list()).await.map_err(failed)?;
        Ok(Response::new(v1::ListVolumesResponse { volumes: listed.map_err(failed)? }))
    }

    async fn remove(
        &self,
        request: Request<v1::RemoveVolumeRequest>,
    ) -> Result<Response<v1::RemoveVolumeResponse>, Status> {
        let name = request.into_inner().name;
        let folder = self.0.paths.volumes().join(&name);
        let is_name = !name.is_empty() && !name.starts_with('.') && !name.contains('/');
        if !is_name || !folder.is_dir() {
            return Err(refuse(Code::NotFound, format!("there is no volume {name:?}"), ""));
        }
        let users = self.users(&name);
        if !users.is_empty() {
            let cause = format!("{name} is used by {}", users.join(", "));
            return Err(refuse(Code::FailedPrecondition, cause, "take it out of the configuration first"));
        }
        let removed = tokio::task::spawn_blocking(move || root::remove(&folder)).await.map_err(failed)?;
        removed.map_err(failed)?;
        Ok(Response::new(v1::RemoveVolumeResponse {}))
    }
}
