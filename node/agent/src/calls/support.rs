//! `corten.v1.Support`.

use std::sync::Arc;
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::images_client::ImagesClient;
use corten_api::v1::support_server::Support;
use corten_config::Secrets;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

use super::{Sent, metrics, network, services};
use crate::facts::{addresses, disks, links, mounts, processes, routes, sockets, timeline};
use crate::present::Present;
use crate::support::{Bundle, Contents, Redactor};
use crate::time::now_seconds;

/// Pieces that wait for a client that reads slowly.
const WAITING: usize = 2;

/// Time that a client may take for one of them.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time that the container service has to tell of its images.
const IMAGES_WITHIN: Duration = Duration::from_secs(5);
/// Archives that are collected at a time.
const AT_A_TIME: usize = 2;

/// Collects what a bug report needs.
#[derive(Clone, Debug)]
pub struct SupportCalls {
    present: Present,
    turns: Arc<Semaphore>,
}

impl SupportCalls {
    /// Of this node.
    pub fn new(present: Present) -> Self {
        Self { present, turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

#[tonic::async_trait]
impl Support for SupportCalls {
    type CollectStream = Sent<v1::SupportChunk>;

    async fn collect(
        &self,
        _: Request<v1::CollectSupportRequest>,
    ) -> Result<Response<Self::CollectStream>, Status> {
        let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() else {
            let cause = format!("{AT_A_TIME} archives are being collected already");
            return Err(ApiError::new(Code::ResourceExhausted, cause, "try again in a moment").into());
        };
        let metrics = metrics::text(&self.present).await;
        let metrics = metrics.unwrap_or_else(|error| error.message().to_string());
        let images = images(&self.present).await;
        let present = self.present.clone();
        let begun = tokio::task::spawn_blocking(move || {
            let secrets = secrets(&present);
            let time = now_seconds().try_into().unwrap_or(0);
            Bundle::new(contents(&present, metrics, images).sections(), Redactor::new(secrets), time)
        });
        let mut bundle = begun.await.map_err(|error| Status::internal(error.to_string()))?;
        let (sender, receiver) = mpsc::channel(WAITING);
        // A thread for each piece: one that waited for a client would be missing elsewhere.
        tokio::spawn(async move {
            let _turn = turn;
            loop {
                let made = tokio::task::spawn_blocking(move || (bundle.next(), bundle)).await;
                let Ok((Some(piece), rest)) = made else { break };
                bundle = rest;
                let piece = piece.map_err(|error| Status::internal(error.to_string()));
                let sent = sender.send(piece.map(|data| v1::SupportChunk { data }));
                // A client that is gone, or takes nothing for this long, wants no more.
                if !matches!(tokio::time::timeout(PATIENCE, sent).await, Ok(Ok(()))) {
                    break;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// What must never be in it, whatever it stands beside.
fn secrets(present: &Present) -> Vec<String> {
    let settings = Arc::clone(&present.in_force.borrow().settings);
    let keys = settings.api.certificate.iter().map(|certificate| certificate.key.clone());
    let containers = &settings.containers;
    let logins = containers.registries.values().filter_map(|registry| registry.login.as_ref());
    let of_containers = containers.secrets.values().chain(logins.map(|login| &login.password));
    keys.chain(of_containers.map(|secret| secret.0.clone())).collect()
}

/// The images that the container service tells of.
async fn images(present: &Present) -> Result<Vec<v1::Image>, String> {
    let mut client = ImagesClient::new(present.containers.own());
    let asked = tokio::time::timeout(IMAGES_WITHIN, client.list(v1::ListImagesRequest {})).await;
    match asked {
        Ok(Ok(list)) => Ok(list.into_inner().images),
        Ok(Err(status)) => Err(ApiError::from(&status).cause),
        Err(_) => Err(format!("the container service did not answer within {} s", IMAGES_WITHIN.as_secs())),
    }
}

fn contents(present: &Present, metrics: String, images: Result<Vec<v1::Image>, String>) -> Contents {
    let root = &present.root;
    let known = present.services.borrow().clone();
    let merged = present.in_force.borrow().merged.clone();
    let state = present.network.borrow().clone();
    let origins = merged.as_ref().map(|merged| merged.origins()).unwrap_or_default();
    let addresses = addresses::list();
    let links = links::list(root).map(|links| match &addresses {
        Ok(addresses) => network::describe(links, addresses, &state).links,
        Err(_) => links,
    });
    Contents {
        info: present.info(),
        health: present.verdicts.now(),
        services: known.iter().map(|known| services::status(root, known)).collect(),
        workloads: present.workloads.borrow().workloads().to_vec(),
        images,
        config: merged.as_ref().map_or_else(String::new, |merged| merged.to_toml(Secrets::Hidden)),
        origins: origins
            .into_iter()
            .map(|origin| v1::KeyOrigin {
                key: origin.key,
                value: origin.value,
                document: origin.document,
                line: origin.line as u32,
            })
            .collect(),
        journal: present.journal.clone(),
        processes: processes::list(root),
        disks: disks::list(root),
        mounts: mounts::list(root),
        links,
        addresses,
        routes: routes::list(),
        sockets: sockets::list(root),
        timeline: timeline::read(root),
        events: present.events.kept(),
        audit: present.audit.read(0),
        metrics,
    }
}
