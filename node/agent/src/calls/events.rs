//! `corten.v1.Events`.

use corten_api::v1;
use corten_api::v1::events_server::Events;
use tonic::{Request, Response, Status};

use super::Sent;
use super::lasting::{self, What};

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
        let turn = lasting::turn(What::News)?;
        Ok(Response::new(lasting::send(self.0.watch(request.get_ref()), turn)))
    }
}
