//! `corten.v1.Node`, made up.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use corten_api::error::ApiError;
use corten_api::v1::node_server::Node;
use corten_api::v1::{
    Check, HealthRequest, HealthResponse, InfoRequest, InfoResponse, Mode, PowerOffRequest, PowerOffResponse,
    RebootRequest, RebootResponse, ResetRequest, ResetResponse, TimelineRequest, TimelineResponse, Verdict,
};
use tonic::{Code, Request, Response, Status};

use super::Facts;

/// Time until the node is another one.
const DOWN_AFTER: Duration = Duration::from_millis(1500);
/// How long the node has been up before it is told to restart.
const UPTIME: u64 = 1000;

pub struct NodeService(pub Arc<Facts>);

#[tonic::async_trait]
impl Node for NodeService {
    async fn info(&self, _request: Request<InfoRequest>) -> Result<Response<InfoResponse>, Status> {
        let mode = if self.0.code.is_some() { Mode::Maintenance } else { Mode::Configured };
        let rebooted = *self.0.rebooted.lock().expect("nobody panics");
        Ok(Response::new(InfoResponse {
            hostname: self.0.hostname.clone(),
            mode: mode.into(),
            version: "1.4.2".into(),
            os: "base".into(),
            memory_bytes: 1 << 30,
            memory_used_bytes: 1 << 28,
            now_ns: 1_796_000_000_000_000_000,
            uptime_seconds: rebooted.map_or(UPTIME, |at| at.elapsed().as_secs()),
            // Like a machine, it goes down some time after it was asked to.
            boot_id: if rebooted.is_some_and(|at| at.elapsed() > DOWN_AFTER) { "81c2" } else { "5f3a" }
                .into(),
            ..InfoResponse::default()
        }))
    }

    async fn health(&self, _request: Request<HealthRequest>) -> Result<Response<HealthResponse>, Status> {
        let left =
            self.0.unhealthy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let verdict = if left.is_ok() { Verdict::Unhealthy } else { Verdict::Healthy };
        let check = Check { name: "configuration".into(), verdict: verdict.into(), ..Check::default() };
        Ok(Response::new(HealthResponse { verdict: verdict.into(), checks: vec![check] }))
    }

    async fn timeline(
        &self,
        _request: Request<TimelineRequest>,
    ) -> Result<Response<TimelineResponse>, Status> {
        let remedy = "ask again when it is ready";
        Err(ApiError::new(Code::FailedPrecondition, "there is no timeline yet", remedy).into())
    }

    async fn reboot(&self, _request: Request<RebootRequest>) -> Result<Response<RebootResponse>, Status> {
        *self.0.rebooted.lock().expect("nobody panics") = Some(Instant::now());
        Ok(Response::new(RebootResponse { boot_id: "5f3a".into() }))
    }

    async fn power_off(
        &self,
        _request: Request<PowerOffRequest>,
    ) -> Result<Response<PowerOffResponse>, Status> {
        Err(Status::permission_denied("PowerOff is for operators"))
    }

    async fn reset(&self, _request: Request<ResetRequest>) -> Result<Response<ResetResponse>, Status> {
        Err(Status::permission_denied("Reset is for administrators"))
    }
}
