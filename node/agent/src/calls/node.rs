//! `corten.v1.Node`.

use corten_api::error::ApiError;
use corten_api::v1;
use corten_api::v1::node_server::Node;
use corten_control::{Partition, Request as Ask, Then};
use tonic::{Code, Request, Response, Status};

use super::{caller, facts, say};
use crate::events::Kind;
use crate::facts::{node, timeline};
use crate::present::Present;

/// Tells of the node, and takes it down.
#[derive(Clone, Debug)]
pub struct NodeCalls(pub Present);

#[tonic::async_trait]
impl Node for NodeCalls {
    async fn info(&self, request: Request<v1::InfoRequest>) -> Result<Response<v1::InfoResponse>, Status> {
        let known = caller(&request).is_some_and(|caller| caller.role.is_some());
        let present = self.0.clone();
        let info = if known { Present::info } else { Present::info_for_strangers };
        Ok(Response::new(facts(move || Ok(info(&present))).await?))
    }

    async fn health(&self, _: Request<v1::HealthRequest>) -> Result<Response<v1::HealthResponse>, Status> {
        Ok(Response::new(self.0.verdicts.now()))
    }

    async fn timeline(
        &self,
        _: Request<v1::TimelineRequest>,
    ) -> Result<Response<v1::TimelineResponse>, Status> {
        let root = self.0.root.clone();
        Ok(Response::new(facts(move || timeline::read(&root)).await?))
    }

    async fn reboot(
        &self,
        request: Request<v1::RebootRequest>,
    ) -> Result<Response<v1::RebootResponse>, Status> {
        let boot_id = node::boot_id(&self.0.root);
        self.ask(&request, Ask::Restart, "restart the machine").await?;
        Ok(Response::new(v1::RebootResponse { boot_id }))
    }

    async fn power_off(
        &self,
        request: Request<v1::PowerOffRequest>,
    ) -> Result<Response<v1::PowerOffResponse>, Status> {
        self.ask(&request, Ask::PowerOff, "switch the machine off").await?;
        Ok(Response::new(v1::PowerOffResponse {}))
    }

    async fn reset(&self, request: Request<v1::ResetRequest>) -> Result<Response<v1::ResetResponse>, Status> {
        let boot_id = node::boot_id(&self.0.root);
        let mut partitions = Vec::new();
        for partition in request.get_ref().partitions() {
            partitions.push(match partition {
                v1::Partition::State => Partition::State,
                v1::Partition::OtherSlot => Partition::OtherSlot,
                v1::Partition::Unspecified => return Err(no_partition().into()),
            });
        }
        if partitions.is_empty() {
            return Err(no_partition().into());
        }
        let then = if request.get_ref().power_off { Then::PowerOff } else { Then::Restart };
        let what = format!("make anew {partitions:?}, then {then:?}");
        self.ask(&request, Ask::Reset { partitions, then }, &what).await?;
        Ok(Response::new(v1::ResetResponse { boot_id }))
    }
}

impl NodeCalls {
    async fn ask<T>(&self, request: &Request<T>, ask: Ask, what: &str) -> Result<(), Status> {
        say(request, what);
        super::services::ask(&self.0.root, &ask).await?;
        let who = caller(request).map_or_else(String::new, |caller| caller.name.clone());
        self.0.events.say(Kind::Node, who, what);
        Ok(())
    }
}

fn no_partition() -> ApiError {
    ApiError::new(
        Code::InvalidArgument,
        "no partition is named",
        "name PARTITION_STATE or PARTITION_OTHER_SLOT",
    )
}
