//! Many clients of one node at once, some of whom say nothing and some of whom say nothing that makes sense: a small round
//! of `cargo xtask bench api` through the network of a machine.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, Result, ensure};
use corten_api::role::Role;
use corten_load::{Connection, Ended, Flood, Target};
use tokio::runtime::Runtime;

use super::Node;

/// Clients of a flood at a time.
const CLIENTS: u64 = 4;

/// Connections that are open and say nothing, and the place that they lead to.
pub struct Crowd {
    runtime: Runtime,
    target: Target,
    idle: Vec<Connection>,
}

impl Crowd {
    /// So many readers who say nothing.
    pub fn gather(node: &Node<'_>, count: usize) -> Result<Self> {
        let reader = node.owner.client("crowd", Role::Reader)?;
        let tls = corten_api::tls::client(Some(&reader), &node.owner.check())?;
        let target = Target { address: SocketAddr::from((Ipv4Addr::LOCALHOST, node.port)), tls };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut idle = Vec::new();
        for number in 0..count {
            let connection = runtime.block_on(target.http2());
            idle.push(connection.with_context(|| format!("connection {number}"))?);
        }
        Ok(Self { runtime, target, idle })
    }

    /// Malformed requests of all kinds, so many in all.
    pub fn floods(&self, requests: u64) -> Result<()> {
        let flood = Flood { requests, clients: CLIENTS, only: None, sent: Arc::new(AtomicU64::new(0)) };
        let flooded = self.runtime.block_on(flood.run(&self.target))?;
        ensure!(flooded.count() >= requests, "{flooded:?}");
        Ok(())
    }

    /// Whether all of them are still connected.
    pub fn is_there(&mut self) -> Result<()> {
        for (number, connection) in self.idle.iter_mut().enumerate() {
            let ended = self.runtime.block_on(connection.ping());
            let ended = ended.with_context(|| format!("connection {number}"))?;
            ensure!(ended == Ended::Streams, "connection {number} was let go");
        }
        Ok(())
    }
}
