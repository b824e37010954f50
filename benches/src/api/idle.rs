//! Connections that are open and say nothing.

use std::time::{Duration, Instant};

use anyhow::Result;
use corten_api::role::Role;
use corten_load::{Connection, Target};

use super::Node;
use super::probe::{Calls, Probe};
use super::table::{Bar, GROWTH, Table, Unit};

/// Calls of each kind while they are open.
const CALLS: usize = 200;

pub async fn measure(node: &Node, count: usize, table: &mut Table) -> Result<()> {
    let target = node.target(Role::Reader)?;
    // Threads and buffers of the first calls are not those of connections.
    Calls::of(&target, 20).await?;
    let before = node.usage()?;
    let probe = Probe::start(target.clone());
    let start = Instant::now();
    let mut open = connections(&target, count).await?;
    let took = start.elapsed();
    let meanwhile = probe.end().await?;
    let with = node.usage()?;
    table.section(format!("{count} idle connections"));
    table.row("handshakes", count as f64 / took.as_secs_f64(), Unit::PerSecond);
    table.latencies("call on a kept connection during handshakes", &meanwhile.kept);
    Calls::of(&target, CALLS).await?.tell(table);
    let growth = with.resident.saturating_sub(before.resident);
    table.row("memory, resident", with.resident as f64, Unit::Mib);
    table.row("memory for a connection", growth as f64 / count as f64, Unit::Kib);
    // None of them was let go meanwhile.
    for connection in &mut open {
        connection.ping().await?;
    }
    drop(open);
    tokio::time::sleep(Duration::from_secs(2)).await;
    table.row("memory, resident, after they went", node.usage()?.resident as f64, Unit::Mib);
    let open = connections(&target, count).await?;
    let again = node.usage()?.resident as f64;
    drop(open);
    let growth = 100.0 * (again / with.resident as f64 - 1.0);
    table.with_bar("growth of memory with as many once more", growth, Unit::Percent, Bar::AtMost(GROWTH));
    Ok(())
}

async fn connections(target: &Target, count: usize) -> Result<Vec<Connection>> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(target.http2().await?);
    }
    Ok(open)
}
