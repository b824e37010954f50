//! An agent that nobody asks anything, and calls one after the other.

use std::time::Duration;

use anyhow::Result;
use corten_api::role::Role;

use super::Node;
use super::probe::Calls;
use super::table::{Bar, Table, Unit};

/// Bytes that the agent may have in memory when nobody calls.
const RESIDENT: f64 = 12.0 * 1_048_576.0;
/// Time after which a start is over.
const SETTLED: Duration = Duration::from_secs(3);
/// Calls of each kind.
const CALLS: usize = 200;

pub async fn measure(node: &Node, table: &mut Table) -> Result<()> {
    tokio::time::sleep(SETTLED).await;
    let rest = node.usage()?;
    table.section("at rest");
    table.row("start until ready", node.started.as_secs_f64() * 1000.0, Unit::Ms);
    table.with_bar("memory, resident", rest.resident as f64, Unit::Mib, Bar::AtMost(RESIDENT));
    table.row("memory, anonymous", rest.anonymous as f64, Unit::Mib);
    table.row("threads", rest.threads as f64, Unit::Count);
    let calls = Calls::of(&node.target(Role::Reader)?, CALLS).await?;
    table.section("one call after the other");
    calls.tell(table);
    let after = node.usage()?;
    let spent = after.processor_ms.saturating_sub(rest.processor_ms);
    table.row("processor time for a call", spent as f64 / (2 * CALLS) as f64, Unit::Ms);
    table.row("memory, resident", after.resident as f64, Unit::Mib);
    Ok(())
}
