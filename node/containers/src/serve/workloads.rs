//! Workloads: how they are, what they print and use, and what people want of them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use corten_api::v1;
use corten_api::v1::workloads_server::Workloads;
use corten_config::settings::{PublishedPort, Transport, WorkloadNetwork};
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use super::{Answers, WAITING, refuse, shown, unknown};
use crate::daemon::shell::Shell;
use crate::daemon::{usage, with_networks};
use crate::fleet::{Event, Group, Id, Run, Unit};
use crate::network::Networks;

/// Milliseconds between two messages about usage, and the fewest.
const INTERVAL_MS: u32 = 2000;
const SHORTEST_MS: u32 = 500;

pub(super) struct WorkloadCalls(pub(super) Shell);

impl WorkloadCalls {
    /// Tells the loop what a person wants of a workload.
    fn wish(&self, name: &str, event: impl FnOnce(String) -> Event) -> Result<(), Status> {
        let fleet = self.0.fleet();
        if fleet.group(name).is_none_or(|group| group.wanted.is_none()) {
            let names: Vec<&String> = fleet.groups().map(|(name, _)| name).collect();
            return Err(unknown(name, &names));
        }
        drop(fleet);
        self.0.tell(event(name.to_owned()));
        Ok(())
    }

    async fn addresses(&self) -> HashMap<String, Vec<String>> {
        let names: Vec<String> = self.0.fleet().groups().map(|(name, _)| name.clone()).collect();
        let look = move |networks: &mut Networks| {
            let mut all = HashMap::new();
            for name in names {
                if let Some(joined) = networks.look_up(&name)? {
                    all.insert(name, joined.addresses.iter().map(ToString::to_string).collect());
                }
            }
            Ok(all)
        };
        with_networks(&self.0, look).await.unwrap_or_default()
    }

    async fn statuses(&self) -> Vec<v1::WorkloadStatus> {
        let mut addresses = self.addresses().await;
        let next = self.0.next_runs();
        let fleet = self.0.fleet();
        let groups = fleet.groups().map(|(name, group)| {
            let addresses = addresses.remove(name).unwrap_or_default();
            let next_run_ns = next.get(name).copied().unwrap_or(0);
            v1::WorkloadStatus { next_run_ns, ..status(&self.0, name, group, addresses) }
        });
        groups.collect()
    }
}

fn status(shell: &Shell, name: &str, group: &Group, addresses: Vec<String>) -> v1::WorkloadStatus {
    let workload = group.wanted.as_ref();
    v1::WorkloadStatus {
        name: name.to_owned(),
        state: group.state().word().into(),
        essential: workload.is_some_and(|workload| workload.essential),
        containers: group
            .units
            .iter()
            .map(|(own, unit)| container(shell, (name, own), group, unit))
            .collect(),
        network: match workload.map(|workload| &workload.network) {
            Some(WorkloadNetwork::Host) => "host".into(),
            Some(WorkloadNetwork::Bridge { name }) => name.clone(),
            Some(WorkloadNetwork::None) => "none".into(),
            None => String::new(),
        },
        addresses,
        ports: workload.into_iter().flat_map(|workload| &workload.ports).map(port).collect(),
        next_run_ns: 0,
    }
}

fn port(port: &PublishedPort) -> String {
    let protocol = match port.protocol {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    let address = match port.address {
        Some(address) if address.is_ipv6() => format!("[{address}]"),
        Some(address) => address.to_string(),
        None => "*".into(),
    };
    format!("{address}:{}->{}/{protocol}", port.node_port, port.port)
}

fn container(
    shell: &Shell,
    (workload, name): (&str, &String),
    group: &Group,
    unit: &Unit,
) -> v1::ContainerStatus {
    let id = Id::new(workload, name.as_str());
    let run = shell.kept().runs.get(&id).cloned().unwrap_or_default();
    let usage = usage::of(&id);
    let image = unit.wanted.as_ref().map_or_else(|| run.image.clone(), |container| container.image.clone());
    let trouble = group.trouble();
    v1::ContainerStatus {
        name: id.to_string(),
        state: unit.state(group).word().into(),
        detail: if unit.detail.is_empty() { trouble.to_owned() } else { unit.detail.clone() },
        image,
        image_digest: unit.digest.clone(),
        image_from: run.image_from.into(),
        pid: match unit.run {
            Run::Up { pid, .. } => pid,
            _ => 0,
        },
        since_ms: shell.now().saturating_sub(unit.since),
        restarts: unit.restarts,
        exit_code: unit.exited.map(|exited| exited.code),
        memory_bytes: usage.memory_bytes,
        cpu_us: usage.cpu_us,
        processes: usage.processes,
        started_in_ms: run.started_in_ms,
    }
}

#[tonic::async_trait]
impl Workloads for WorkloadCalls {
    type LogsStream = Answers<v1::ContainerLogLine>;
    type StatsStream = Answers<v1::WorkloadStats>;
    type ExecStream = Answers<v1::ExecResponse>;
    type DebugStream = Answers<v1::ExecResponse>;
    type CopyFromStream = Answers<v1::CopyChunk>;

    async fn list(
        &self,
        _: Request<v1::ListWorkloadsRequest>,
    ) -> Result<Response<v1::ListWorkloadsResponse>, Status> {
        let workloads = self.statuses().await;
        Ok(Response::new(v1::ListWorkloadsResponse { workloads, problem: String::new() }))
    }

    async fn inspect(
        &self,
        request: Request<v1::InspectWorkloadRequest>,
    ) -> Result<Response<v1::InspectWorkloadResponse>, Status> {
        let name = request.into_inner().name;
        let status = self.statuses().await.into_iter().find(|status| status.name == name);
        let Some(status) = status else {
            let fleet = self.0.fleet();
            let names: Vec<&String> = fleet.groups().map(|(name, _)| name).collect();
            return Err(unknown(&name, &names));
        };
        let order = self.0.order();
        let workload = order.containers.workloads.get(&name);
        let records: Vec<(Id, String)> = {
            let kept = self.0.kept();
            let of_it = kept.records.iter().filter(|(id, _)| id.workload == name);
            of_it.map(|(id, record)| (id.clone(), record.specification.clone())).collect()
        };
        let mut specifications_json = HashMap::new();
        for (id, text) in records {
            let known = match workload.and_then(|workload| workload.containers.get(&id.container)) {
                Some(container) => {
                    let image = self.0.images.find(&container.image).await.ok().flatten();
                    shown::known(container, &image.map(|image| image.process).unwrap_or_default())
                }
                None => BTreeMap::new(),
            };
            specifications_json.insert(id.container, shown::without_secrets(&text, &known));
        }
        Ok(Response::new(v1::InspectWorkloadResponse {
            status: Some(status),
            settings_json: workload.and_then(|it| serde_json::to_string(it).ok()).unwrap_or_default(),
            specifications_json,
        }))
    }

    async fn start(
        &self,
        request: Request<v1::StartWorkloadRequest>,
    ) -> Result<Response<v1::StartWorkloadResponse>, Status> {
        self.wish(&request.into_inner().name, Event::Release)?;
        Ok(Response::new(v1::StartWorkloadResponse {}))
    }

    async fn stop(
        &self,
        request: Request<v1::StopWorkloadRequest>,
    ) -> Result<Response<v1::StopWorkloadResponse>, Status> {
        self.wish(&request.into_inner().name, Event::Hold)?;
        Ok(Response::new(v1::StopWorkloadResponse {}))
    }

    async fn restart(
        &self,
        request: Request<v1::RestartWorkloadRequest>,
    ) -> Result<Response<v1::RestartWorkloadResponse>, Status> {
        self.wish(&request.into_inner().name, Event::Again)?;
        Ok(Response::new(v1::RestartWorkloadResponse {}))
    }

    async fn logs(
        &self,
        request: Request<v1::WorkloadLogsRequest>,
    ) -> Result<Response<Self::LogsStream>, Status> {
        let request = request.into_inner();
        let known = self.0.logs.names();
        let is_known =
            |name: &str| known.iter().any(|known| known.workload() == name || known.to_string() == name);
        // Who has printed nothing yet is known to the configuration.
        if !request.name.is_empty() && !is_known(&request.name) {
            super::workload_or_container(&self.0, &request.name)?;
        }
        let lines = self.0.logs.read(&request);
        let lines = lines.map_err(|error| refuse(Code::InvalidArgument, error.to_string(), ""))?;
        Ok(Response::new(Box::pin(lines.map(Ok))))
    }

    async fn stats(
        &self,
        request: Request<v1::WorkloadStatsRequest>,
    ) -> Result<Response<Self::StatsStream>, Status> {
        let v1::WorkloadStatsRequest { name, interval_ms, once } = request.into_inner();
        if !name.is_empty() {
            super::workload_or_container(&self.0, &name)?;
        }
        let interval_ms = if interval_ms == 0 { INTERVAL_MS } else { interval_ms.max(SHORTEST_MS) };
        let (sender, answers) = mpsc::channel(WAITING);
        let shell = self.0.clone();
        tokio::spawn(async move {
            let mut before = BTreeMap::new();
            loop {
                let stats = measure(&shell, &name, &mut before).await;
                if sender.send(Ok(stats)).await.is_err() || once {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(interval_ms.into())).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
    }

    async fn exec(
        &self,
        request: Request<Streaming<v1::ExecRequest>>,
    ) -> Result<Response<Self::ExecStream>, Status> {
        super::exec::exec(&self.0, request.into_inner()).await.map(Response::new)
    }

    async fn debug(
        &self,
        request: Request<Streaming<v1::DebugRequest>>,
    ) -> Result<Response<Self::DebugStream>, Status> {
        super::debug::debug(&self.0, request.into_inner()).await.map(Response::new)
    }

    async fn copy_from(
        &self,
        request: Request<v1::CopyFromRequest>,
    ) -> Result<Response<Self::CopyFromStream>, Status> {
        super::copy::copy_from(&self.0, request.into_inner()).map(Response::new)
    }

    async fn copy_to(
        &self,
        request: Request<Streaming<v1::CopyToRequest>>,
    ) -> Result<Response<v1::CopyToResponse>, Status> {
        super::copy::copy_to(&self.0, request.into_inner()).await.map(Response::new)
    }
}

/// What containers use, since the measurement before.
async fn measure(shell: &Shell, name: &str, before: &mut BTreeMap<Id, (i64, u64)>) -> v1::WorkloadStats {
    let counters = with_networks(shell, |networks| networks.counters()).await.unwrap_or_default();
    let at_ns = crate::time::now_ns();
    let now = shell.now();
    let running: Vec<(Id, u64)> = {
        let fleet = shell.fleet();
        let is_wanted = |id: &Id| name.is_empty() || id.workload == name || id.to_string() == name;
        let groups = fleet.groups().flat_map(|(workload, group)| {
            group.units.iter().map(move |(container, unit)| (Id::new(workload, container.as_str()), unit))
        });
        groups
            .filter(|(id, unit)| matches!(unit.run, Run::Up { .. }) && is_wanted(id))
            .map(|(id, unit)| (id, now.saturating_sub(unit.since)))
            .collect()
    };
    let mut containers = Vec::new();
    for (id, runs_ms) in running {
        let usage = usage::of(&id);
        let (since_ns, cpu_us) =
            before.get(&id).copied().unwrap_or((at_ns - (runs_ms as i64).saturating_mul(1_000_000), 0));
        let elapsed_us = ((at_ns - since_ns) / 1000).max(1).cast_unsigned();
        before.insert(id.clone(), (at_ns, usage.cpu_us));
        let network = counters.get(&id.workload).copied().unwrap_or_default();
        containers.push(v1::ContainerUsage {
            name: id.to_string(),
            cpu_millis: usage.cpu_us.saturating_sub(cpu_us).saturating_mul(1000) / elapsed_us,
            memory_bytes: usage.memory_bytes,
            memory_max_bytes: usage.memory_max_bytes,
            processes: usage.processes,
            read_bytes: usage.read_bytes,
            written_bytes: usage.written_bytes,
            received_bytes: network.received_bytes,
            sent_bytes: network.sent_bytes,
        });
    }
    v1::WorkloadStats { at_ns, containers }
}
