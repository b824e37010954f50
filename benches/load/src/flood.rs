//! Many malformed requests, by several clients at once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Malformed;
use crate::random::Random;
use crate::target::{Fault, Target};

/// How many.
#[derive(Clone, Debug)]
pub struct Flood {
    /// Requests in all.
    pub requests: u64,
    /// Clients at a time.
    pub clients: u64,
    /// Kinds to send; all of them in a mixture where there are none.
    pub only: Option<Malformed>,
    /// How many were sent so far, for those who watch.
    pub sent: Arc<AtomicU64>,
}

/// What was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flooded {
    /// Requests by what was wrong with them.
    pub requests: BTreeMap<Malformed, u64>,
    /// How long it took.
    pub took: Duration,
}

impl Flooded {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.requests.values().sum()
    }
}

impl Flood {
    /// Sends them. Fails where the node does not take a connection any more, or leaves a client without an answer.
    pub async fn run(&self, target: &Target) -> Result<Flooded, Fault> {
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for client in 0..self.clients.max(1) {
            clients.spawn(send(self.clone(), client, target.clone()));
        }
        let mut flooded = Flooded::default();
        while let Some(ended) = clients.join_next().await {
            for (malformed, count) in ended.map_err(std::io::Error::other)?? {
                *flooded.requests.entry(malformed).or_default() += count;
            }
        }
        flooded.took = start.elapsed();
        Ok(flooded)
    }
}

async fn send(flood: Flood, client: u64, target: Target) -> Result<BTreeMap<Malformed, u64>, Fault> {
    let (mut random, mut kept, mut counts) = (Random::new(client + 1), None, BTreeMap::new());
    while flood.sent.load(Ordering::Relaxed) < flood.requests {
        let malformed = flood.only.unwrap_or_else(|| Malformed::any(&mut random));
        let count = malformed.send(&target, &mut kept, &mut random).await?;
        flood.sent.fetch_add(count, Ordering::Relaxed);
        *counts.entry(malformed).or_default() += count;
    }
    Ok(counts)
}
