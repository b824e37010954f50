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
        let over = Instant::now() + PAUSE > end;
        match looked {
            Ok(health) if health.verdict() == Verdict::Healthy || over => return Ok(health),
            Err(error) if over || !error.may_pass() => return Err(error),
            _ => sleep(PAUSE).await,
        }
    }
}

async fn look(node: &Node) -> Result<Health, NodeError> {
    ask::health(Connection::open(node).await?).await
}

/// How a start of a node is told from the one before it: the API shows no identity of it in calls that only look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Start {
    uptime: Duration,
}

impl Start {
    /// Whether a node that has been up this long, asked so long after the first look, has been started since.
    fn was_followed(self, uptime: Duration, passed: Duration, reached: Reached) -> bool {
        // It can't be up for less than before. Where it was young before, that alone would miss a quick start, and
        // where a machine's clock stands still for a while, comparing with the time that passed would see one that
        // was none; so that counts only if the node could not be reached in between.
        uptime < self.uptime || (reached == Reached::NotAlways && uptime <= passed)
    }
}

/// Whether a node could be reached whenever it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reached {
    Always,
    NotAlways,
}

/// Restarts a node, and waits until it answers again, at most so long.
pub async fn reboot(node: Node, limit: Duration) -> Result<Done, NodeError> {
    let connection = Connection::open(&node).await?;
    let start = Start { uptime: uptime(&connection).await? };
    let begin = Instant::now();
    tell::reboot(connection).await?;
    let mut reached = Reached::Always;
    loop {
        sleep(PAUSE).await;
        let now = match Connection::open(&node).await {
            Ok(connection) => uptime(&connection).await,
            Err(error) => Err(error),
        };
        let passed = begin.elapsed();
        match now {
            Ok(uptime) if start.was_followed(uptime, passed, reached) => {
                return Ok(Done::new(format!("the node is back after {} s", passed.as_secs())));
            }
            Err(error) if !error.may_pass() => return Err(error),
            Err(_) => reached = Reached::NotAlways,
            Ok(_) => {}
        }
        if passed >= limit {
            return Err(NodeError::NotBack { seconds: limit.as_secs() });
        }
    }
}

async fn uptime(connection: &Connection) -> Result<Duration, NodeError> {
    let info = connection.answer(connection.node().info(v1::InfoRequest {})).await?;
    Ok(Duration::from_secs(info.uptime_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_told_from_the_one_before() {
        let seconds = Duration::from_secs;
        for (before, uptime, passed, reached, expected) in [
            (1000, 1002, 2, Reached::Always, false),
            (1000, 3, 20, Reached::Always, true),
            // Young before, slow to come back.
            (5, 12, 20, Reached::NotAlways, true),
            // A connection that failed without a restart.
            (5, 25, 20, Reached::NotAlways, false),
            // A guest whose clock stood still is no restart.
            (5, 7, 20, Reached::Always, false),
        ] {
            let start = Start { uptime: seconds(before) };
            let found = start.was_followed(seconds(uptime), seconds(passed), reached);
            assert_eq!(found, expected, "{before} {uptime} {passed} {reached:?}");
        }
    }
}
