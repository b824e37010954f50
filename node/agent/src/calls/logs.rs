//! `corten.v1.Logs`.

use corten_api::v1;
use corten_api::v1::logs_server::Logs;
use tonic::{Request, Response, Status};

use super::Sent;
use super::lasting::{self, What};
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
        let turn = lasting::turn(What::News)?;
        Ok(Response::new(lasting::send(self.0.read(request.get_ref()), turn)))
    }
}
