//! Somebody who calls now and then while others make it hard, as a person or a monitor does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use corten_load::{Latencies, Target, info};
use tokio::task::JoinHandle;

use super::table::Table;

/// Time between two calls.
const PAUSE: Duration = Duration::from_millis(20);
/// One of so many calls is on a connection of its own.
const FRESH: u64 = 5;

/// Calls until it is asked what they took.
pub struct Probe {
    over: Arc<AtomicBool>,
    calls: JoinHandle<Result<Calls>>,
}

/// What calls took.
#[derive(Default)]
pub struct Calls {
    /// Those on a connection that was there.
    pub kept: Latencies,
    /// Those on one of their own, the handshake included.
    pub fresh: Latencies,
}

impl Probe {
    /// Begins to call.
    pub fn start(target: Target) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let calls = tokio::spawn(async move {
            let mut calls = Calls::default();
            let channel = target.channel().await?;
            let mut number = 0;
            while !until.load(Ordering::Relaxed) {
                number += 1;
                if number % FRESH == 0 {
                    calls.fresh.push(target.call().await?);
                } else {
                    let start = Instant::now();
                    info(&channel).await?;
                    calls.kept.push(start.elapsed());
                }
                tokio::time::sleep(PAUSE).await;
            }
            Ok(calls)
        });
        Self { over, calls }
    }

    /// Ends, with what the calls took. An error means that one of them failed.
    pub async fn end(self) -> Result<Calls> {
        self.over.store(true, Ordering::Relaxed);
        self.calls.await?
    }
}

impl Calls {
    /// So many of each kind, one after the other.
    pub async fn of(target: &Target, count: usize) -> Result<Self> {
        let mut calls = Self::default();
        for _ in 0..count {
            calls.fresh.push(target.call().await?);
        }
        let channel = target.channel().await?;
        for _ in 0..count {
            let start = Instant::now();
            info(&channel).await?;
            calls.kept.push(start.elapsed());
        }
        Ok(calls)
    }

    /// Writes them down.
    pub fn tell(&self, table: &mut Table) {
        table.latencies("call on a kept connection", &self.kept);
        table.latencies("call on a new connection", &self.fresh);
    }
}
