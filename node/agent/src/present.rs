//! What the agent knows of its node at present, put together from those who know: for calls that tell more than one
//! thing.

use std::sync::Arc;

use corten_api::v1;
use corten_network::State as Network;
use tokio::sync::watch;

use crate::audit::Audit;
use crate::configuration::{InForce, Mode};
use crate::containers::{Containers, Known};
use crate::events::Events;
use crate::facts::node;
use crate::health::Verdicts;
use crate::logs::Journal;
use crate::root::Root;
use crate::server::{Connections, Counts, Door};
use crate::shipping::Shipping;
use crate::time::now_ns;

/// Those who know. Clones ask the same ones.
#[derive(Clone, Debug)]
pub struct Present {
    /// Where files are.
    pub root: Root,
    /// The configuration.
    pub in_force: watch::Receiver<Arc<InForce>>,
    /// What init tells of services.
    pub services: crate::services::Services,
    /// What the network service did last.
    pub network: watch::Receiver<Arc<Network>>,
    /// What is well and what is not.
    pub verdicts: Verdicts,
    /// Who is let in.
    pub door: watch::Receiver<Arc<Door>>,
    /// Connections.
    pub connections: Connections,
    /// Calls.
    pub counts: Counts,
    /// Targets of log lines.
    pub shipping: Arc<Shipping>,
    /// What was printed.
    pub journal: Journal,
    /// The way to the service that runs containers.
    pub containers: Containers,
    /// What that told of workloads.
    pub workloads: watch::Receiver<Arc<Known>>,
    /// What changed.
    pub events: Events,
    /// Who changed it.
    pub audit: Audit,
}

impl Present {
    /// What the node is.
    pub fn info(&self) -> v1::InfoResponse {
        let root = &self.root;
        let in_force = Arc::clone(&self.in_force.borrow());
        let (kernel, os) = (node::kernel(), node::os_release(root));
        let memory = node::memory(root).unwrap_or_default();
        let processors = node::processors(root).unwrap_or_default();
        let load = node::load(root).unwrap_or_default();
        let (mode, reason) = match &in_force.mode {
            Mode::Configured => (v1::Mode::Configured, String::new()),
            Mode::Maintenance { reason } => (v1::Mode::Maintenance, reason.clone()),
        };
        let reason = if reason.is_empty() { first_problem(&in_force) } else { reason };
        v1::InfoResponse {
            hostname: kernel.hostname,
            labels: in_force.settings.identity.labels.clone().into_iter().collect(),
            machine_id: node::machine_id(root),
            mode: mode.into(),
            reason,
            version: os.version,
            os: os.name,
            root_hash: node::root_hash(root),
            kernel: kernel.release,
            architecture: kernel.architecture,
            secure_boot: node::secure_boot(root),
            booted_at: processors.booted_at,
            uptime_seconds: node::uptime_ms(root).unwrap_or(0) / 1000,
            now_ns: now_ns(),
            processors: processors.count,
            memory_bytes: memory.total,
            memory_used_bytes: memory.used,
            load_1: load[0],
            load_5: load[1],
            load_15: load[2],
            fingerprint: self.door.borrow().fingerprint.map_or_else(String::new, |print| print.to_string()),
            agent: env!("CARGO_PKG_VERSION").into(),
            boot_id: node::boot_id(root),
            processes: crate::facts::processes::count(root).unwrap_or(0),
        }
    }

    /// What of that may be told to somebody who is not known: what a person needs to see that it is the right machine.
    pub fn info_for_strangers(&self) -> v1::InfoResponse {
        let all = self.info();
        v1::InfoResponse {
            hostname: all.hostname,
            machine_id: all.machine_id,
            mode: all.mode,
            reason: all.reason,
            version: all.version,
            os: all.os,
            architecture: all.architecture,
            fingerprint: all.fingerprint,
            agent: all.agent,
            now_ns: all.now_ns,
            ..v1::InfoResponse::default()
        }
    }
}

fn first_problem(in_force: &InForce) -> String {
    let Some(problem) = in_force.problems.first() else { return String::new() };
    match in_force.problems.len() {
        1 => problem.to_string(),
        more => format!("{problem} (and {} more)", more - 1),
    }
}
