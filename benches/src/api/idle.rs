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

/// Times that they come again.
const ROUNDS: usize = 4;
/// Time that the agent has to notice that they are gone.
const LEFT: Duration = Duration::from_secs(2);

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
    tokio::time::sleep(LEFT).await;
    table.row("memory, resident, after they went", node.usage()?.resident as f64, Unit::Mib);
    // Memory that is free lies between what is not, so it takes some rounds until all fit into what there is.
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let open = connections(&target, count).await?;
        rounds.push(node.usage()?.resident as f64);
        drop(open);
        tokio::time::sleep(LEFT).await;
    }
    let (Some(before), Some(last)) = (rounds.iter().rev().nth(1), rounds.last()) else { return Ok(()) };
    table.row(format!("memory, resident, with the last of {ROUNDS} times as many"), *last, Unit::Mib);
    let growth = 100.0 * (last / before - 1.0);
    table.with_bar("growth of memory by the last of them", growth, Unit::Percent, Bar::AtMost(GROWTH));
    Ok(())
}

async fn connections(target: &Target, count: usize) -> Result<Vec<Connection>> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        open.push(target.http2().await?);
    }
    Ok(open)
}
