//! Readers of logs while lines are written: many that keep up, and some that never read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use corten_api::role::Role;
use corten_api::v1::ReadLogsRequest;
use corten_api::v1::logs_client::LogsClient;
use corten_load::{Log, Target};
use tokio::task::JoinSet;

use super::Node;
use super::probe::Probe;
use super::table::{Bar, Table, Unit};

/// Lines that are written at a time, and how often.
const LINES: u64 = 10;
const PAUSE: Duration = Duration::from_millis(10);
/// Time that a reader has for what it has not got yet.
const PATIENCE: Duration = Duration::from_secs(30);
/// Readers that never read.
const SLOW: usize = 50;
/// Bytes that one of them may cost: its connection, what waits for it, and what the kernel holds is not counted.
const SLOW_BYTES: f64 = 256.0 * 1024.0;
/// Bytes by which lines are longer then, so that no buffer of the kernel takes all of them.
const LONGER: usize = 800;
/// What a request of a reader is, as protobuf: `follow` is field 2.
const FOLLOW: [u8; 2] = [0x10, 1];

/// How many readers, and for how long.
pub struct Load {
    pub readers: usize,
    pub seconds: u64,
}

/// What one reader got.
#[derive(Clone, Copy, Default)]
struct Got {
    lines: u64,
    lost: u64,
    /// When it had them all.
    end: Option<Instant>,
}

/// Many readers that read.
pub async fn many(node: Node, load: &Load, table: &mut Table) -> Result<()> {
    let target = node.target(Role::Reader)?;
    let Node { agent, scratch: _scratch, log, .. } = node;
    let lines = lines_in(load.seconds);
    let before = agent.usage()?;
    let opened = Arc::new(AtomicUsize::new(0));
    let mut readers = JoinSet::new();
    for _ in 0..load.readers {
        readers.spawn(read(target.clone(), Arc::clone(&opened), lines));
    }
    wait_for(&opened, load.readers).await?;
    let with = agent.usage()?;
    let probe = Probe::start(target.clone());
    let (written, _log) = tokio::task::spawn_blocking(move || write(log, lines)).await??;
    let mut all = Vec::new();
    while let Some(got) = readers.join_next().await {
        all.push(got??);
    }
    let calls = probe.end().await?;
    let after = agent.usage()?;
    let sum = |of: fn(&Got) -> u64| all.iter().map(of).sum::<u64>() as f64;
    let (got, lost) = (sum(|got| got.lines), sum(|got| got.lost));
    let expected = (lines * load.readers as u64) as f64;
    let late = all.iter().filter_map(|got| got.end).max().map_or(Duration::MAX, |end| end - written);
    table.section(format!("{} readers of a log with 1,000 lines a second, {} s", load.readers, load.seconds));
    table.with_bar(
        "lines that were read or told to be lost",
        100.0 * (got + lost) / expected,
        Unit::Percent,
        Bar::AtLeast(100.0),
    );
    table.row("lines that were lost", 100.0 * lost / expected, Unit::Percent);
    table.row(
        "the last line at the last reader, after it was written",
        late.as_secs_f64() * 1000.0,
        Unit::Ms,
    );
    calls.tell(table);
    table.row(
        "processor time of the agent",
        (after.processor_ms - with.processor_ms) as f64 / 1000.0,
        Unit::S,
    );
    let growth = after.resident.saturating_sub(before.resident);
    table.row("memory, resident", after.resident as f64, Unit::Mib);
    table.row("memory for a reader, its connection included", growth as f64 / load.readers as f64, Unit::Kib);
    Ok(())
}

/// Some that never read, beside one that does.
pub async fn slow(node: Node, seconds: u64, table: &mut Table) -> Result<()> {
    let target = node.target(Role::Reader)?;
    let Node { agent, scratch: _scratch, log, .. } = node;
    let log = log.padded(LONGER);
    let lines = lines_in(seconds);
    let before = agent.usage()?;
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        let mut connection = target.http2().await?;
        connection.call("/corten.v1.Logs/Read", &FOLLOW).await?;
        slow.push(connection);
    }
    let opened = Arc::new(AtomicUsize::new(0));
    let fast = tokio::spawn(read(target.clone(), Arc::clone(&opened), lines));
    wait_for(&opened, 1).await?;
    let probe = Probe::start(target.clone());
    let (written, _log) = tokio::task::spawn_blocking(move || write(log, lines)).await??;
    let fast = fast.await??;
    let calls = probe.end().await?;
    let after = agent.usage()?;
    let late = fast.end.map_or(Duration::MAX, |end| end - written);
    table.section(format!("{SLOW} readers that never read, beside one that does, {seconds} s"));
    table.with_bar(
        "lines that the other one read",
        100.0 * fast.lines as f64 / lines as f64,
        Unit::Percent,
        Bar::AtLeast(100.0),
    );
    table.row("the last line there, after it was written", late.as_secs_f64() * 1000.0, Unit::Ms);
    calls.tell(table);
    let growth = after.resident.saturating_sub(before.resident) as f64 / SLOW as f64;
    table.with_bar("memory for one that never reads", growth, Unit::Kib, Bar::AtMost(SLOW_BYTES));
    drop(slow);
    Ok(())
}

fn lines_in(seconds: u64) -> u64 {
    seconds * 1000 / PAUSE.as_millis() as u64 * LINES
}

/// Writes lines as they fall due, and returns when the last one was written. A pipe is there until it is dropped.
fn write(mut log: Log, lines: u64) -> Result<(Instant, Log)> {
    let start = Instant::now();
    for number in 0..lines / LINES {
        let due = start + PAUSE * number as u32;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        log.write("bench", LINES)?;
    }
    let end = Instant::now();
    Ok((end, log))
}

/// Reads until it has, or was told of, so many lines.
async fn read(target: Target, opened: Arc<AtomicUsize>, lines: u64) -> Result<Got> {
    let mut client = LogsClient::new(target.channel().await?);
    let request = ReadLogsRequest { source: "bench".into(), follow: true, ..ReadLogsRequest::default() };
    let mut stream = client.read(request).await?.into_inner();
    opened.fetch_add(1, Ordering::Relaxed);
    let mut got = Got::default();
    while got.lines + got.lost < lines {
        let Ok(next) = tokio::time::timeout(PATIENCE, stream.message()).await else { return Ok(got) };
        let Some(line) = next? else { bail!("a stream of lines ended") };
        got.lines += 1;
        got.lost += line.lost;
    }
    got.end = Some(Instant::now());
    Ok(got)
}

async fn wait_for(opened: &AtomicUsize, count: usize) -> Result<()> {
    let end = Instant::now() + PATIENCE;
    while opened.load(Ordering::Relaxed) < count {
        if Instant::now() > end {
            bail!("{} of {count} readers were let in", opened.load(Ordering::Relaxed));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}
