//! `corten.v1.Events`.

use corten_api::v1;
use corten_api::v1::events_server::Events;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status};

use super::Sent;

/// Tells of what changes.
#[derive(Clone, Debug)]
pub struct EventCalls(pub crate::events::Events);

#[tonic::async_trait]
impl Events for EventCalls {
    type WatchStream = Sent<v1::Event>;

    async fn watch(
        &self,
        request: Request<v1::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Ok(Response::new(Box::pin(self.0.watch(request.get_ref()).map(Ok))))
    }
}
