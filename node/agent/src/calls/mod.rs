//! The methods of the API, one file a service. They turn requests into questions to the rest of the agent and its
//! answers into messages, and decide nothing.

mod audit;
mod config;
mod events;
mod lasting;
mod logs;
mod metrics;
mod network;
mod node;
mod processes;
mod reflection;
mod services;
mod storage;
mod support;

pub use audit::AuditCalls;
pub use config::ConfigCalls;
pub use events::EventCalls;
pub use logs::LogCalls;
pub use metrics::{MetricsCalls, MetricsText};
pub use network::NetworkCalls;
pub use node::NodeCalls;
pub use processes::ProcessCalls;
pub use services::ServiceCalls;
pub use storage::StorageCalls;
pub use support::SupportCalls;

use std::pin::Pin;
use std::sync::Arc;

use corten_api::error::ApiError;
use corten_api::v1::audit_server::AuditServer;
use corten_api::v1::config_server::ConfigServer;
use corten_api::v1::events_server::EventsServer;
use corten_api::v1::images_server::ImagesServer;
use corten_api::v1::logs_server::LogsServer;
use corten_api::v1::metrics_server::MetricsServer;
use corten_api::v1::network_server::NetworkServer;
use corten_api::v1::node_server::NodeServer;
use corten_api::v1::processes_server::ProcessesServer;
use corten_api::v1::services_server::ServicesServer;
use corten_api::v1::storage_server::StorageServer;
use corten_api::v1::support_server::SupportServer;
use corten_api::v1::volumes_server::VolumesServer;
use corten_api::v1::workloads_server::WorkloadsServer;
use tokio::sync::Semaphore;
use tokio_stream::Stream;
use tonic::service::Routes;
use tonic::{Code, Request, Status};

use crate::configuration::Engine;
use crate::containers::Forward;
use crate::facts::FactError;
use crate::pairing::Pairing;
use crate::present::Present;
use crate::server::{Caller, What};

/// Bytes of the largest request with a document of a configuration: that and what is around it.
const MAX_DOCUMENT: usize = 512 << 10;
/// Bytes of the largest of all other requests. They name something at most.
const MAX_REQUEST: usize = 16 << 10;

/// What a streaming method sends.
type Sent<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send + 'static>>;

/// All methods, with what tools for gRPC expect of any server.
pub fn routes(
    present: &Present,
    engine: &Engine,
    pairing: &Arc<Pairing>,
    health: tonic_health::pb::health_server::HealthServer<impl tonic_health::pb::health_server::Health>,
) -> Routes {
    let root = &present.root;
    let config = ConfigCalls {
        engine: engine.clone(),
        pairing: Arc::clone(pairing),
        door: present.door.clone(),
        checks: Arc::new(Semaphore::new(1)),
    };
    let services = ServiceCalls { root: root.clone(), services: present.services.clone() };
    let logs = LogCalls { journal: present.journal.clone(), services: present.services.clone() };
    let network = NetworkCalls { root: root.clone(), state: present.network.clone() };
    let mut routes = Routes::new(health.max_decoding_message_size(MAX_REQUEST));
    routes = routes.add_service(ConfigServer::new(config).max_decoding_message_size(MAX_DOCUMENT));
    macro_rules! add {
        ($($server:ident($calls:expr)),+ $(,)?) => {
            $(routes = routes.add_service($server::new($calls).max_decoding_message_size(MAX_REQUEST));)+
        };
    }
    add!(
        AuditServer(AuditCalls(present.audit.clone())),
        EventsServer(EventCalls(present.events.clone())),
        LogsServer(logs),
        MetricsServer(MetricsCalls(present.clone())),
        NetworkServer(network),
        NodeServer(NodeCalls(present.clone())),
        ProcessesServer(ProcessCalls(root.clone())),
        ServicesServer(services),
        StorageServer(StorageCalls(root.clone())),
        SupportServer(SupportCalls::new(present.clone())),
    );
    let containers = || present.containers.clone();
    let routes = routes
        .add_service(Forward::<WorkloadsServer<()>>::new(containers()))
        .add_service(Forward::<ImagesServer<()>>::new(containers()))
        .add_service(Forward::<VolumesServer<()>>::new(containers()));
    reflection::add(routes).prepare()
}

/// Facts that are read at a time.
static TURNS: Semaphore = Semaphore::const_new(4);

/// Facts are files that the kernel makes when they are read, which takes a while for some. What is begun is read to its
/// end even if its caller is gone, so the turn is the thread's; who takes a call back while it waits leaves nothing
/// behind that others would have to wait for.
async fn facts<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, FactError> + Send + 'static,
) -> Result<T, Status> {
    let turn = TURNS.acquire().await;
    let read = move || {
        let facts = read();
        drop(turn);
        facts
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok(facts)) => Ok(facts),
        Ok(Err(error)) => Err(ApiError::new(Code::Internal, error.to_string(), "").into()),
        Err(error) => Err(Status::internal(error.to_string())),
    }
}

/// Who calls. The gate puts it there.
fn caller<T>(request: &Request<T>) -> Option<Arc<Caller>> {
    request.extensions().get::<Arc<Caller>>().cloned()
}

/// Says what is asked for, for the audit log.
fn say<T>(request: &Request<T>, text: impl Into<String>) {
    if let Some(what) = request.extensions().get::<What>() {
        what.say(text);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn a_call_that_is_taken_back_while_it_waits_leaves_nothing_to_do() {
        static READ: AtomicUsize = AtomicUsize::new(0);
        let mut busy = Vec::new();
        let mut ends = Vec::new();
        let free = TURNS.available_permits();
        for _ in 0..free {
            let (end, ended) = mpsc::channel::<()>();
            ends.push(end);
            busy.push(tokio::spawn(facts(move || Ok(ended.recv().is_ok()))));
        }
        while TURNS.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let read = || facts(|| Ok(READ.fetch_add(1, Ordering::Relaxed)));
        let waiting: Vec<_> = (0..100).map(|_| tokio::spawn(read())).collect();
        tokio::task::yield_now().await;
        waiting.iter().for_each(tokio::task::JoinHandle::abort);
        drop(ends);
        for busy in busy {
            busy.await.expect("it does not panic").expect("facts");
        }
        assert_eq!(read().await.expect("facts"), 0, "those that were taken back were read");
    }
}
