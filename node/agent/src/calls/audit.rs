//! `corten.v1.Audit`.

use corten_api::v1;
use corten_api::v1::audit_server::Audit;
use tonic::{Request, Response, Status};

use super::Sent;
use super::lasting::{self, What};

/// Reads the audit log.
#[derive(Clone, Debug)]
pub struct AuditCalls(pub crate::audit::Audit);

#[tonic::async_trait]
impl Audit for AuditCalls {
    type ReadStream = Sent<v1::AuditEntry>;

    async fn read(
        &self,
        request: Request<v1::ReadAuditRequest>,
    ) -> Result<Response<Self::ReadStream>, Status> {
        let turn = lasting::turn(What::Audit)?;
        let (audit, tail) = (self.0.clone(), request.into_inner().tail);
        let entries = tokio::task::spawn_blocking(move || audit.read(tail)).await;
        let entries = entries.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(lasting::send(tokio_stream::iter(entries), turn)))
    }
}
