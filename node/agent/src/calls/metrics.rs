//! `corten.v1.Metrics`, and the same text for the port of those who collect metrics.

use corten_api::v1;
use corten_api::v1::metrics_server::Metrics;
use tonic::{Request, Response, Status};

use super::{facts, services};
use crate::metrics::{ApiCounts, Facts, Snapshot, TargetCounts, render};
use crate::present::Present;
use crate::shipping::Status as Shipped;

/// Tells counters and gauges.
#[derive(Clone, Debug)]
pub struct MetricsCalls(pub Present);

#[tonic::async_trait]
impl Metrics for MetricsCalls {
    async fn get(
        &self,
        _: Request<v1::GetMetricsRequest>,
    ) -> Result<Response<v1::GetMetricsResponse>, Status> {
        Ok(Response::new(v1::GetMetricsResponse { text: text(&self.0).await? }))
    }
}

/// The text for those who can't be told of an error.
#[derive(Clone, Debug)]
pub struct MetricsText(pub Present);

impl MetricsText {
    /// The text, or what is left of it: a comment with the reason.
    pub async fn read(&self) -> String {
        text(&self.0).await.unwrap_or_else(|error| format!("# {}\n# EOF\n", error.message()))
    }
}

/// All metrics as OpenMetrics text.
pub async fn text(present: &Present) -> Result<String, Status> {
    let present = present.clone();
    facts(move || Ok(render(&snapshot(&present)?))).await
}

/// What the text is made of.
fn snapshot(present: &Present) -> Result<Snapshot, crate::facts::FactError> {
    let services = present.services.borrow().clone();
    let (connections, accepted, refused) = present.connections.figures();
    Ok(Snapshot {
        info: present.info(),
        facts: Facts::read(&present.root)?,
        services: services.iter().map(|known| services::status(&present.root, known)).collect(),
        containers: present.workloads.borrow().containers().cloned().collect(),
        api: ApiCounts { connections: connections.into(), accepted, refused, calls: present.counts.all() },
        generation: present.in_force.borrow().generation,
        health: present.verdicts.now(),
        targets: present
            .shipping
            .status()
            .into_iter()
            .map(|(name, status)| (name, counts(&status)))
            .collect(),
    })
}

fn counts(shipped: &Shipped) -> TargetCounts {
    TargetCounts { connected: shipped.connected, sent: shipped.sent, lost: shipped.lost }
}
