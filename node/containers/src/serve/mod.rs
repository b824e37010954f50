//! The API of the daemon: what the agent hands on of its callers' requests, on a socket of the node.
//!
//! The agent has decided who may ask for what. So only the agent and root are let in here, by who is on the other end.

mod copy;
mod debug;
mod exec;
mod images;
mod shown;
mod tree;
mod volumes;
mod workloads;

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::pin::Pin;

use corten_api::error::ApiError;
use corten_api::v1::images_server::ImagesServer;
use corten_api::v1::volumes_server::VolumesServer;
use corten_api::v1::workloads_server::WorkloadsServer;
use corten_network::SETTINGS_FOLDER;
use corten_network::files::below;
use tokio::net::{UnixListener, UnixStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::transport::Server;
use tonic::{Code, Status};

use crate::daemon::shell::Shell;
use crate::fleet::{Id, Run};

/// Answers of a stream that wait for their reader.
const WAITING: usize = 8;
/// Bytes of a message: pieces of archives have 64 KiB.
const MAX_MESSAGE: usize = 1 << 20;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Begins to listen. What is returned serves.
pub(crate) fn listen(shell: &Shell) -> io::Result<impl Future<Output = ()> + use<>> {
    let path = shell.paths.socket();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let _ = fs::remove_file(&path);
    let listener = UnixListener::bind(&path)?;
    // Anybody may knock; who is let in is decided by who it is.
    fs::set_permissions(&path, Permissions::from_mode(0o666))?;
    let settings = below(shell.paths.root(), SETTINGS_FOLDER);
    let incoming = tokio_stream::wrappers::UnixListenerStream::new(listener)
        .filter(move |stream| stream.as_ref().is_ok_and(|stream| may_enter(stream, &settings)));
    let workloads = WorkloadsServer::new(workloads::WorkloadCalls(shell.clone()));
    let images = ImagesServer::new(images::ImageCalls(shell.clone()));
    let volumes = VolumesServer::new(volumes::VolumeCalls(shell.clone()));
    Ok(async move {
        let server = Server::builder()
            .add_service(workloads.max_decoding_message_size(MAX_MESSAGE))
            .add_service(images.max_decoding_message_size(MAX_MESSAGE))
            .add_service(volumes)
            .serve_with_incoming(incoming);
        if let Err(error) = server.await {
            eprintln!("API of containers: {error}");
        }
    })
}

/// Root and whoever owns the folder of orders: the agent.
fn may_enter(stream: &UnixStream, settings: &std::path::Path) -> bool {
    let Ok(peer) = corten_sys::peer::of(stream) else { return false };
    peer.uid == 0 || fs::metadata(settings).is_ok_and(|folder| folder.uid() == peer.uid)
}

/// A refusal.
fn refuse(code: Code, cause: impl Into<String>, remedy: impl Into<String>) -> Status {
    ApiError::new(code, cause.into(), remedy.into()).into()
}

/// Something that went wrong within.
fn failed(error: impl std::fmt::Display) -> Status {
    refuse(Code::Internal, error.to_string(), "")
}

/// The container that a name means: `WORKLOAD/CONTAINER`, or a workload that has one. It has to run.
fn running(shell: &Shell, name: &str) -> Result<(Id, u32), Status> {
    let id = meant(shell, name)?;
    match shell.fleet().unit(&id).map(|unit| unit.run.clone()) {
        Some(Run::Up { pid, .. }) => Ok((id, pid)),
        _ => Err(refuse(Code::FailedPrecondition, format!("{id} does not run"), "start its workload first")),
    }
}

fn meant(shell: &Shell, name: &str) -> Result<Id, Status> {
    let (workload, container) = match name.split_once('/') {
        Some((workload, container)) => (workload, Some(container)),
        None => (name, None),
    };
    let fleet = shell.fleet();
    let Some(group) = fleet.group(workload) else {
        let names: Vec<&String> = fleet.groups().map(|(name, _)| name).collect();
        return Err(unknown(workload, &names));
    };
    let names: Vec<&String> = group.units.keys().collect();
    match (container, &names[..]) {
        (Some(container), _) if group.units.contains_key(container) => Ok(Id::new(workload, container)),
        (None, [only]) => Ok(Id::new(workload, only.as_str())),
        _ => {
            let all: Vec<String> = names.iter().map(|name| format!("{workload}/{name}")).collect();
            let cause = format!("{name:?} names no container");
            Err(refuse(Code::NotFound, cause, format!("there are {}", all.join(", "))))
        }
    }
}

fn unknown(workload: &str, names: &[&String]) -> Status {
    let remedy = if names.is_empty() {
        "the configuration has no workloads".to_owned()
    } else {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        format!("there are {}", names.join(", "))
    };
    refuse(Code::NotFound, format!("there is no workload {workload:?}"), remedy)
}

/// Whether a name is one of a workload or of a container.
fn workload_or_container(shell: &Shell, name: &str) -> Result<(), Status> {
    if shell.fleet().group(name).is_some() { Ok(()) } else { meant(shell, name).map(drop) }
}
