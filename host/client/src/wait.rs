//! Waiting for nodes: until one is healthy, until one is back after a restart.

use std::time::Duration;

use corten_api::v1;
use tokio::time::{Instant, sleep};

use crate::connection::{Connection, NodeError};
use crate::contexts::Node;
use crate::view::{Done, Health, Verdict};
use crate::{ask, tell};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Waits until a node is healthy, at most so long. What it said last is the answer, healthy or not; a node that can't
/// be reached may be starting, so that only counts at the end.
pub async fn healthy(node: Node, limit: Duration) -> Result<Health, NodeError> {
    let end = Instant::now() + limit;
    loop {
        let looked = look(&node).await;
        let left = end.saturating_duration_since(Instant::now());
        let over = left.is_zero();
        match looked {
            Ok(health) if health.verdict() == Verdict::Healthy || over => return Ok(health),
            Err(error) if over || !error.may_pass() => return Err(error),
            // The last look is at the end.
            _ => sleep(left.min(PAUSE)).await,
        }
    }
}

async fn look(node: &Node) -> Result<Health, NodeError> {
    ask::health(Connection::open(node).await?).await
}

/// Restarts a node, and waits until it answers again, at most so long.
pub async fn reboot(node: Node, limit: Duration) -> Result<Done, NodeError> {
    let connection = Connection::open(&node).await?;
    let before = boot_id(&connection).await?;
    let begin = Instant::now();
    tell::reboot(connection).await?;
    loop {
        sleep(PAUSE).await;
        let now = match Connection::open(&node).await {
            Ok(connection) => boot_id(&connection).await,
            Err(error) => Err(error),
        };
        let passed = begin.elapsed();
        match now {
            Ok(boot_id) if boot_id != before => {
                return Ok(Done::new(format!("the node is back after {} s", passed.as_secs())));
            }
            Err(error) if !error.may_pass() => return Err(error),
            // Not down yet, or not up again.
            Ok(_) | Err(_) => {}
        }
        if passed >= limit {
            return Err(NodeError::NotBack { seconds: limit.as_secs() });
        }
    }
}

/// What names the start of the kernel that a node runs.
async fn boot_id(connection: &Connection) -> Result<String, NodeError> {
    let info = connection.answer(connection.node().info(v1::InfoRequest {})).await?;
    Ok(info.boot_id)
}
