//! `corten.v1.Services`.

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::services_server::Services;
use corten_control::{Answer, Request as Ask, Status as Known};
use corten_services::{SERVICES_PATH, Service, Services as Table};
use tonic::{Code, Request, Response, Status};

use super::say;
use crate::facts::usage;
use crate::reconcile::init;
use crate::root::Root;

/// Bytes of the largest table of services.
const MAX_TABLE: u64 = 1 << 20;

/// Lists, inspects and restarts services.
#[derive(Clone, Debug)]
pub struct ServiceCalls {
    /// Where files are.
    pub root: Root,
    /// What init tells.
    pub services: crate::services::Services,
}

#[tonic::async_trait]
impl Services for ServiceCalls {
    async fn list(
        &self,
        _: Request<v1::ListServicesRequest>,
    ) -> Result<Response<v1::ListServicesResponse>, Status> {
        let services = self.services.borrow().iter().map(|known| status(&self.root, known)).collect();
        Ok(Response::new(v1::ListServicesResponse { services }))
    }

    async fn inspect(
        &self,
        request: Request<v1::InspectServiceRequest>,
    ) -> Result<Response<v1::InspectServiceResponse>, Status> {
        let name = request.into_inner().name;
        let known = self.known(&name)?;
        let of_table = table(&self.root).into_iter().find(|service| service.name == name);
        let service = of_table.unwrap_or_else(|| Service::new(name.clone(), Vec::new(), 0));
        Ok(Response::new(v1::InspectServiceResponse {
            status: Some(status(&self.root, &known)),
            exec: service.exec,
            after: service.after,
            uid: service.account.uid,
            gid: service.account.gid,
            capabilities: service.capabilities.into(),
            processes: usage::of(&self.root, &name).processes,
        }))
    }

    async fn restart(
        &self,
        request: Request<v1::RestartServiceRequest>,
    ) -> Result<Response<v1::RestartServiceResponse>, Status> {
        say(&request, request.get_ref().name.clone());
        let service = request.into_inner().name;
        self.known(&service)?;
        ask(&self.root, &Ask::RestartService { service }).await?;
        Ok(Response::new(v1::RestartServiceResponse {}))
    }
}

impl ServiceCalls {
    fn known(&self, name: &str) -> Result<Known, ApiError> {
        let services = self.services.borrow();
        services.iter().find(|known| known.name == name).cloned().ok_or_else(|| {
            let names: Vec<_> = services.iter().map(|known| known.name.as_str()).collect();
            let remedy = format!("there are {}", names.join(", "));
            ApiError::new(Code::NotFound, format!("there is no service {name:?}"), remedy)
        })
    }
}

/// Asks init for something that has to be accepted.
pub(super) async fn ask(root: &Root, request: &Ask) -> Result<(), ApiError> {
    match init::ask(root, request).await {
        Ok(Answer::Refused { why }) => Err(ApiError::new(Code::FailedPrecondition, why, "")),
        Ok(_) => Ok(()),
        Err(error) => Err(ApiError::new(Code::Unavailable, error.to_string(), "try again in a moment")),
    }
}

/// A service as callers see it.
pub(super) fn status(root: &Root, known: &Known) -> v1::ServiceStatus {
    let usage = usage::of(root, &known.name);
    let uptime_ms = crate::facts::node::uptime_ms(root).unwrap_or(known.since_ms);
    v1::ServiceStatus {
        name: known.name.clone(),
        state: known.state.to_string(),
        pid: known.pid.unwrap_or(0),
        since_ms: uptime_ms.saturating_sub(known.since_ms),
        restarts: known.restarts,
        found: known.found.clone(),
        memory_bytes: usage.memory_bytes,
        cpu_us: usage.cpu_us,
        processes: usage.processes.len() as u32,
    }
}

/// The table that init runs.
fn table(root: &Root) -> Vec<Service> {
    use std::io::Read as _;
    let mut text = Vec::new();
    let read = std::fs::File::open(root.path(SERVICES_PATH))
        .and_then(|file| file.take(MAX_TABLE).read_to_end(&mut text));
    let table = read.ok().and_then(|_| serde_json::from_slice::<Table>(&text).ok());
    table.unwrap_or_default().services
}
