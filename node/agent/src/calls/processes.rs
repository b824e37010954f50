//! `corten.v1.Processes`.

use corten_api::v1;
use corten_api::v1::processes_server::Processes;
use tonic::{Request, Response, Status};

use super::facts;
use crate::facts::processes;
use crate::root::Root;

/// Lists processes.
#[derive(Clone, Debug)]
pub struct ProcessCalls(pub Root);

#[tonic::async_trait]
impl Processes for ProcessCalls {
    async fn list(
        &self,
        _: Request<v1::ListProcessesRequest>,
    ) -> Result<Response<v1::ListProcessesResponse>, Status> {
        let root = self.0.clone();
        let processes = facts(move || processes::list(&root)).await?;
        Ok(Response::new(v1::ListProcessesResponse { processes }))
    }
}
