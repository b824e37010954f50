//! The questions that are one call and one answer, each as what is shown of it.

use corten_api::v1;

use crate::connection::{Connection, NodeError};
use crate::view;

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident -> $view:ident: $client:ident.$call:ident($request:expr);)*) => {
        $(
            $(#[$doc])*
            pub async fn $name(connection: Connection) -> Result<view::$view, NodeError> {
                Ok(connection.answer(connection.$client().$call($request)).await?.into())
            }
        )*
    };
}

questions! {
    /// What the node is.
    info -> Info: node.info(v1::InfoRequest {});
    /// Whether it is healthy.
    health -> Health: node.health(v1::HealthRequest {});
    /// Where the time of its last start went.
    timeline -> Timeline: node.timeline(v1::TimelineRequest {});
    /// Its services.
    services -> Services: services.list(v1::ListServicesRequest {});
    /// Its processes.
    processes -> Processes: processes.list(v1::ListProcessesRequest {});
    /// Its disks.
    disks -> Disks: storage.disks(v1::ListDisksRequest {});
    /// What is mounted.
    mounts -> Mounts: storage.mounts(v1::ListMountsRequest {});
    /// Its links.
    links -> Links: network.links(v1::ListLinksRequest {});
    /// Its addresses.
    addresses -> Addresses: network.addresses(v1::ListAddressesRequest {});
    /// Its routes.
    routes -> Routes: network.routes(v1::ListRoutesRequest {});
    /// Its sockets.
    sockets -> Sockets: network.sockets(v1::ListSocketsRequest {});
    /// Its workloads.
    workloads -> Workloads: workloads.list(v1::ListWorkloadsRequest {});
    /// Its containers.
    containers -> Containers: workloads.list(v1::ListWorkloadsRequest {});
    /// Its images.
    images -> Images: images.list(v1::ListImagesRequest {});
    /// Its volumes.
    volumes -> Volumes: volumes.list(v1::ListVolumesRequest {});
    /// Its counters and gauges.
    metrics -> Metrics: metrics.get(v1::GetMetricsRequest {});
    /// Its configuration.
    configuration -> Configuration: config.get(v1::GetConfigRequest {});
    /// What was applied before.
    history -> History: config.history(v1::ConfigHistoryRequest {});
}

/// Everything about one service.
pub async fn service(connection: Connection, name: String) -> Result<view::ServiceDetail, NodeError> {
    let request = v1::InspectServiceRequest { name };
    Ok(connection.answer(connection.services().inspect(request)).await?.into())
}

/// Everything about one workload.
pub async fn workload(connection: Connection, name: String) -> Result<view::WorkloadDetail, NodeError> {
    let request = v1::InspectWorkloadRequest { name };
    Ok(connection.answer(connection.workloads().inspect(request)).await?.into())
}

/// Where each value of the configuration is from.
pub async fn origins(connection: Connection) -> Result<view::Origins, NodeError> {
    Ok(view::Origins(configuration(connection).await?))
}

/// The newest so many entries of the audit log; 0 for all that are kept.
pub async fn audit(connection: Connection, tail: u32) -> Result<view::Audit, NodeError> {
    let mut stream = connection.answer(connection.audit().read(v1::ReadAuditRequest { tail })).await?;
    let mut entries = Vec::new();
    while let Some(entry) = stream.message().await.map_err(|status| connection.explain(&status))? {
        entries.push(entry);
    }
    Ok(entries.into_iter().collect())
}
