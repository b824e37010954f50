//! Malformed requests of all kinds, a million of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use corten_api::role::Role;
use corten_load::{Flood, Malformed, Usage};

use super::Node;
use super::probe::Probe;
use super::table::{Bar, GROWTH, Table, Unit};

/// Clients at a time.
const CLIENTS: u64 = 8;
/// Time between two looks at the agent.
const LOOK: Duration = Duration::from_millis(200);

pub async fn measure(node: &Node, requests: u64, only: Option<Malformed>, table: &mut Table) -> Result<()> {
    let target = node.target(Role::Reader)?;
    let before = node.usage()?;
    let probe = Probe::start(target.clone());
    let sent = Arc::new(AtomicU64::new(0));
    let flood = Flood { requests, clients: CLIENTS, only, sent: Arc::clone(&sent) };
    let flooded = tokio::spawn(async move { flood.run(&target).await });
    let (mut warm, mut most) = (None, before);
    while !flooded.is_finished() {
        tokio::time::sleep(LOOK).await;
        // An agent that is gone ends this.
        let now = node.usage()?;
        if now.resident > most.resident {
            most = now;
        }
        if sent.load(Ordering::Relaxed) >= requests / 10 {
            warm.get_or_insert(now);
        }
    }
    let flooded = flooded.await??;
    let calls = probe.end().await?;
    let end = node.usage()?;
    let warm: Usage = warm.unwrap_or(end);
    table.section(format!("{} malformed requests by {CLIENTS} clients", flooded.count()));
    for (malformed, count) in &flooded.requests {
        table.row(malformed.name(), *count as f64, Unit::Count);
    }
    table.row("requests", flooded.count() as f64 / flooded.took.as_secs_f64(), Unit::PerSecond);
    table.row("in all", flooded.took.as_secs_f64(), Unit::S);
    table.row(
        "processor time of the agent",
        (end.processor_ms - before.processor_ms) as f64 / 1000.0,
        Unit::S,
    );
    calls.tell(table);
    table.row("memory, resident, before", before.resident as f64, Unit::Mib);
    table.row("memory, resident, after a tenth of them", warm.resident as f64, Unit::Mib);
    table.row("memory, resident, most", most.resident as f64, Unit::Mib);
    table.row("memory, resident, at the end", end.resident as f64, Unit::Mib);
    let growth = 100.0 * (end.resident as f64 / warm.resident as f64 - 1.0);
    table.with_bar("growth of memory since a tenth of them", growth, Unit::Percent, Bar::AtMost(GROWTH));
    Ok(())
}
