//! `corten.v1.Support`.

use corten_api::v1;
use corten_api::v1::support_server::Support;
use corten_config::Secrets;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{Sent, metrics, network, services};
use crate::facts::{addresses, disks, links, mounts, processes, routes, sockets, timeline};
use crate::present::Present;
use crate::support::{Bundle, Contents, Redactor};
use crate::time::now_seconds;

/// Pieces that wait for a client that reads slowly.
const WAITING: usize = 2;

/// Collects what a bug report needs.
#[derive(Clone, Debug)]
pub struct SupportCalls(pub Present);

#[tonic::async_trait]
impl Support for SupportCalls {
    type CollectStream = Sent<v1::SupportChunk>;

    async fn collect(
        &self,
        _: Request<v1::CollectSupportRequest>,
    ) -> Result<Response<Self::CollectStream>, Status> {
        let metrics = metrics::text(&self.0).await.unwrap_or_else(|error| error.message().to_string());
        let present = self.0.clone();
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::task::spawn_blocking(move || {
            let secrets = secrets(&present);
            let contents = contents(&present, metrics);
            let time = now_seconds().try_into().unwrap_or(0);
            for piece in Bundle::new(contents.sections(), Redactor::new(secrets), time) {
                let piece = piece.map_err(|error| Status::internal(error.to_string()));
                // A client that is gone wants no more.
                if sender.blocking_send(piece.map(|data| v1::SupportChunk { data })).is_err() {
                    break;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver).map(|piece| piece))))
    }
}

/// What must never be in it, whatever it stands beside.
fn secrets(present: &Present) -> Vec<String> {
    let settings = &present.in_force.borrow().settings;
    settings.api.certificate.iter().map(|certificate| certificate.key.clone()).collect()
}

fn contents(present: &Present, metrics: String) -> Contents {
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
