//! `corten.v1.Node`, made up.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use corten_api::error::ApiError;
use corten_api::v1::node_server::Node;
use corten_api::v1::{
    HealthRequest, HealthResponse, InfoRequest, InfoResponse, Mode, PowerOffRequest, PowerOffResponse,
    RebootRequest, RebootResponse, ResetRequest, ResetResponse, TimelineRequest, TimelineResponse,
};
use tonic::{Code, Request, Response, Status};

use super::Facts;

pub struct NodeService(pub Arc<Facts>);

#[tonic::async_trait]
impl Node for NodeService {
    async fn info(&self, _request: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        if self.0.hangs {
            std::future::pending::<()>().await;
        }
        let mode = if self.0.maintenance { Mode::Maintenance } else { Mode::Configured };
        Ok(Response::new(InfoResponse {
            hostname: self.0.hostname.clone(),
            mode: mode.into(),
            version: "1.4.2".into(),
            os: "base".into(),
            memory_bytes: 1 << 30,
            memory_used_bytes: 1 << 28,
            ..InfoResponse::default()
        }))
    }

    async fn health(&self, _request: Request<HealthRequest>) -> Result<Response<HealthResponse>, Status> {
        let remedy = "pair it: `corten node pair`";
        Err(ApiError::new(Code::FailedPrecondition, "this node is in maintenance", remedy).into())
    }

    async fn timeline(
        &self,
        _request: Request<TimelineRequest>,
    ) -> Result<Response<TimelineResponse>, Status> {
        Ok(Response::new(TimelineResponse::default()))
    }

    async fn reboot(&self, _request: Request<RebootRequest>) -> Result<Response<RebootResponse>, Status> {
        let number = self.0.reboots.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(RebootResponse { boot_id: format!("boot-{number}") }))
    }

    async fn power_off(
        &self,
        _request: Request<PowerOffRequest>,
    ) -> Result<Response<PowerOffResponse>, Status> {
        Err(Status::permission_denied("power_off is for operators"))
    }

    async fn reset(&self, _request: Request<ResetRequest>) -> Result<Response<ResetResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }
}
