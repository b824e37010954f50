//! A connection to a node: TCP, TLS 1.3 by the rules of `corten-api`, HTTP/2, and what goes wrong with each in words.
//!
//! It is made at once and once. What a person has to know of it (a wrong certificate, a refused connection) is then
//! told by whoever found it out, and not hidden behind attempts of a library to connect again.

mod dial;
mod error;
mod files;
mod tls;
mod watched;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use corten_api::identity::{Fingerprint, Identity};
use corten_api::tls::ServerCheck;
use corten_api::v1::audit_client::AuditClient;
use corten_api::v1::config_client::ConfigClient;
use corten_api::v1::events_client::EventsClient;
use corten_api::v1::images_client::ImagesClient;
use corten_api::v1::logs_client::LogsClient;
use corten_api::v1::metrics_client::MetricsClient;
use corten_api::v1::network_client::NetworkClient;
use corten_api::v1::node_client::NodeClient;
use corten_api::v1::processes_client::ProcessesClient;
use corten_api::v1::services_client::ServicesClient;
use corten_api::v1::storage_client::StorageClient;
use corten_api::v1::support_client::SupportClient;
use corten_api::v1::volumes_client::VolumesClient;
use corten_api::v1::workloads_client::WorkloadsClient;
use tonic::transport::Channel;
use tonic::{Response, Status};

use self::watched::{Seen, Watched};
use crate::contexts::{Address, Node};

pub use error::{NodeError, Refusal};
pub use files::{FileError, authority_of, check_of, client_of, identity_of};

/// How long a node has to take a connection and to show who it is.
pub const CONNECT: Duration = Duration::from_secs(5);

/// How long a node has to answer; streams have no such limit.
pub const ANSWER: Duration = Duration::from_secs(30);

/// The largest answer that is read: a node with ten thousand processes has some megabytes to tell.
const MAX_ANSWER: usize = 32 << 20;

/// A connection to one node.
#[derive(Clone, Debug)]
pub struct Connection {
    channel: Channel,
    fingerprint: Fingerprint,
    refusal: Arc<Seen>,
}

macro_rules! clients {
    ($($name:ident: $client:ident,)*) => {
        $(
            pub(crate) fn $name(&self) -> $client<Channel> {
                $client::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
            }
        )*
    };
}

impl Connection {
    /// Connects to a node of the contexts.
    pub async fn open(node: &Node) -> Result<Self, NodeError> {
        let identity = node.credentials.as_ref().map(identity_of).transpose()?;
        Self::dial(&node.address, identity.as_ref(), &check_of(&node.trust)?).await
    }

    /// Connects to whoever listens at an address and passes the check.
    pub async fn dial(
        address: &Address,
        identity: Option<&Identity>,
        check: &ServerCheck,
    ) -> Result<Self, NodeError> {
        let config = corten_api::tls::client(identity, check).map_err(NodeError::Tls)?;
        let dialled = tokio::time::timeout(CONNECT, dial::dial(address, config)).await;
        let stream = dialled.map_err(|_| NodeError::Silent { address: address.clone() })??;
        let (fingerprint, refusal) = (stream.fingerprint, Arc::new(Seen::default()));
        let or_refused = |error| refused(&refusal).unwrap_or(error);
        let watched = Watched::new(stream.io, refusal.clone()).greeted().await;
        let watched = watched.map_err(|error| or_refused(NodeError::Lost(error.to_string())))?;
        let channel = dial::channel(address, watched).await.map_err(or_refused)?;
        Ok(Self { channel, fingerprint, refusal })
    }

    /// SHA-256 of the certificate that the node showed.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The answer to a call, or why there is none after [`ANSWER`].
    pub(crate) async fn answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, NodeError> {
        match tokio::time::timeout(ANSWER, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.explain(&status)),
            Err(_) => Err(NodeError::Late { seconds: ANSWER.as_secs() }),
        }
    }

    /// The answer to a call that takes as long as what it is about: a container that has minutes to stop, a file that is
    /// copied. That the node is lost is found out by the connection itself.
    pub(crate) async fn wait<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, NodeError> {
        call.await.map(Response::into_inner).map_err(|status| self.explain(&status))
    }

    /// What the status of a call means. A node says only at the first call that it does not like the client.
    pub(crate) fn explain(&self, status: &Status) -> NodeError {
        refused(&self.refusal).unwrap_or_else(|| NodeError::of(status))
    }

    clients! {
        audit: AuditClient,
        config: ConfigClient,
        events: EventsClient,
        images: ImagesClient,
        logs: LogsClient,
        metrics: MetricsClient,
        network: NetworkClient,
        node: NodeClient,
        processes: ProcessesClient,
        services: ServicesClient,
        storage: StorageClient,
        support: SupportClient,
        volumes: VolumesClient,
        workloads: WorkloadsClient,
    }
}

/// Why the node closed the door, if it did.
fn refused(seen: &Seen) -> Option<NodeError> {
    Some(NodeError::NotLetIn { reason: tls::of_alert(seen.alert()?) })
}
