//! `corten.v1.Logs`.

use corten_api::v1;
use corten_api::v1::logs_server::Logs;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status};

use super::Sent;
use crate::logs::Journal;

/// Reads what services and the kernel print.
#[derive(Clone, Debug)]
pub struct LogCalls(pub Journal);

#[tonic::async_trait]
impl Logs for LogCalls {
    type ReadStream = Sent<v1::LogLine>;

    async fn read(
        &self,
        request: Request<v1::ReadLogsRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        Ok(Response::new(Box::pin(self.0.read(request.get_ref()).map(Ok))))
    }
}
