//! One container from one static program, through every part of containerd that a workload uses: a committed
//! snapshot with the program, a second one on top of it (so the kernel's overlayfs is mounted), a container
//! record, a task with crun below the runc shim, its exit code, and everything removed again.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use prost::Message;
use prost_types::Any;
use tonic::transport::Channel;

use super::spec;
use crate::Error;
use crate::api::containerd::runc::v1::Options;
use crate::api::containerd::services::containers::v1::container::Runtime;
use crate::api::containerd::services::containers::v1::containers_client::ContainersClient;
use crate::api::containerd::services::containers::v1::{
    Container, CreateContainerRequest, DeleteContainerRequest,
};
use crate::api::containerd::services::snapshots::v1::snapshots_client::SnapshotsClient;
use crate::api::containerd::services::snapshots::v1::{
    CommitSnapshotRequest, PrepareSnapshotRequest, RemoveSnapshotRequest,
};
use crate::api::containerd::services::tasks::v1::tasks_client::TasksClient;
use crate::api::containerd::services::tasks::v1::{
    CreateTaskRequest, DeleteTaskRequest, KillRequest, StartRequest, WaitRequest,
};
use crate::api::containerd::types::Mount;
use crate::containerd::{connect, refused, within};

/// Namespace of containerd that holds nothing but this check.
const NAMESPACE: &str = "corten-check";
/// Name of the container, its snapshots and its cgroup. One check runs at a time.
const ID: &str = "check";
const BASE: &str = "check-base";
const SNAPSHOTTER: &str = "overlayfs";
const RUNTIME: &str = "io.containerd.runc.v2";
/// The shim looks for `runc` unless it is told otherwise.
const CRUN: &str = "/usr/bin/crun";
const CGROUP: &str = "/workloads/corten-check";
const SIGKILL: u32 = 9;

/// What to run.
#[derive(Clone, Debug)]
pub struct Check {
    /// containerd's socket.
    pub socket: PathBuf,
    /// A static program of the image.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// How long the connection and the program may take, each.
    pub timeout: Duration,
}

/// Runs the container and returns how long it took from the first call to the last.
pub async fn run(check: &Check) -> Result<Duration, Error> {
    let channel = connect(&check.socket, check.timeout).await?;
    let calls = Calls {
        containers: ContainersClient::new(channel.clone()),
        snapshots: SnapshotsClient::new(channel.clone()),
        tasks: TasksClient::new(channel),
    };
    let start = Instant::now();
    // What an earlier check left when it was cut short would be in the way.
    calls.clone().clean_up().await;
    let result = calls.clone().create_and_wait(check).await;
    calls.clean_up().await;
    match result? {
        0 => Ok(start.elapsed()),
        code => Err(Error::Exit(code)),
    }
}

#[derive(Clone)]
struct Calls {
    containers: ContainersClient<Channel>,
    snapshots: SnapshotsClient<Channel>,
    tasks: TasksClient<Channel>,
}

impl Calls {
    async fn create_and_wait(mut self, check: &Check) -> Result<u32, Error> {
        let mounts = self.prepare("check-layer", "").await?;
        let target = write_program(&mounts, &check.program)?;
        let commit = CommitSnapshotRequest {
            snapshotter: SNAPSHOTTER.into(),
            name: BASE.into(),
            key: "check-layer".into(),
            ..CommitSnapshotRequest::default()
        };
        self.snapshots.commit(within(NAMESPACE, commit)).await.map_err(refused("commit a snapshot"))?;
        let rootfs = self.prepare(ID, BASE).await?;

        let arguments: Vec<String> = std::iter::once(target).chain(check.arguments.iter().cloned()).collect();
        let spec = spec::of_one_program(&arguments, CGROUP);
        let options = Options { binary_name: CRUN.into(), ..Options::default() };
        let options = Any { type_url: "containerd.runc.v1.Options".into(), value: options.encode_to_vec() };
        let container = Container {
            id: ID.into(),
            runtime: Some(Runtime { name: RUNTIME.into(), options: Some(options.clone()) }),
            spec: Some(Any {
                type_url: "types.containerd.io/opencontainers/runtime-spec/1/Spec".into(),
                value: spec.to_string().into_bytes(),
            }),
            snapshotter: SNAPSHOTTER.into(),
            snapshot_key: ID.into(),
            ..Container::default()
        };
        let create = CreateContainerRequest { container: Some(container) };
        self.containers.create(within(NAMESPACE, create)).await.map_err(refused("create a container"))?;

        let task = CreateTaskRequest {
            container_id: ID.into(),
            rootfs,
            options: Some(options),
            ..CreateTaskRequest::default()
        };
        self.tasks.create(within(NAMESPACE, task)).await.map_err(refused("create a task"))?;
        let start = StartRequest { container_id: ID.into(), exec_id: String::new() };
        self.tasks.start(within(NAMESPACE, start)).await.map_err(refused("start a task"))?;
        let wait = WaitRequest { container_id: ID.into(), exec_id: String::new() };
        let exited = tokio::time::timeout(check.timeout, self.tasks.wait(within(NAMESPACE, wait))).await;
        match exited {
            Ok(answer) => Ok(answer.map_err(refused("wait for a task"))?.into_inner().exit_status),
            Err(_) => Err(Error::Slow(check.timeout.as_secs())),
        }
    }

    async fn prepare(&mut self, key: &str, parent: &str) -> Result<Vec<Mount>, Error> {
        let request = PrepareSnapshotRequest {
            snapshotter: SNAPSHOTTER.into(),
            key: key.into(),
            parent: parent.into(),
            ..PrepareSnapshotRequest::default()
        };
        let answer = self.snapshots.prepare(within(NAMESPACE, request)).await;
        Ok(answer.map_err(refused("prepare a snapshot"))?.into_inner().mounts)
    }

    /// Removes whatever of the check exists; that something does not exist is no failure.
    async fn clean_up(mut self) {
        let kill =
            KillRequest { container_id: ID.into(), signal: SIGKILL, all: true, ..KillRequest::default() };
        if self.tasks.kill(within(NAMESPACE, kill)).await.is_ok() {
            let wait = WaitRequest { container_id: ID.into(), exec_id: String::new() };
            let _ = self.tasks.wait(within(NAMESPACE, wait)).await;
        }
        let task = DeleteTaskRequest { container_id: ID.into() };
        let _ = self.tasks.delete(within(NAMESPACE, task)).await;
        let container = DeleteContainerRequest { id: ID.into() };
        let _ = self.containers.delete(within(NAMESPACE, container)).await;
        for key in [ID, BASE, "check-layer"] {
            let snapshot = RemoveSnapshotRequest { snapshotter: SNAPSHOTTER.into(), key: key.into() };
            let _ = self.snapshots.remove(within(NAMESPACE, snapshot)).await;
        }
    }
}

/// Copies the program to the root of a new snapshot and returns its path as the container sees it. The snapshot
/// has no parent, so it is a plain directory that a bind mount names.
fn write_program(mounts: &[Mount], program: &Path) -> Result<String, Error> {
    let [mount] = mounts else { return Err(Error::Mounts(format!("{} mounts", mounts.len()))) };
    if mount.r#type != "bind" {
        return Err(Error::Mounts(mount.r#type.clone()));
    }
    let target = Path::new(&mount.source).join("program");
    let failed = |source| Error::File { path: target.display().to_string(), source };
    for directory in ["proc", "dev"] {
        std::fs::create_dir_all(Path::new(&mount.source).join(directory)).map_err(failed)?;
    }
    std::fs::copy(program, &target).map_err(failed)?;
    std::fs::set_permissions(&target, PermissionsExt::from_mode(0o755)).map_err(failed)?;
    Ok("/program".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_bind_mount_is_written_to() {
        let overlay = Mount { r#type: "overlay".into(), ..Mount::default() };
        let error = write_program(&[overlay], Path::new("/bin/true")).expect_err("not a directory");
        assert_eq!(error.to_string(), "the snapshotter gave \"overlay\", expected one bind or overlay mount");
        assert!(write_program(&[], Path::new("/bin/true")).is_err());
    }
}
