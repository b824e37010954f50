//! Many clients, slow ones and malformed requests: a smaller round of `cargo xtask bench api`.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use corten_api::role::Role;
use corten_api::v1;
use corten_api::v1::logs_client::LogsClient;
use corten_api::v1::metrics_client::MetricsClient;
use corten_load::{Agent, Ended, Flood, Malformed, Posture, Scratch, Target};
use tokio::task::JoinSet;

use crate::start;

const IDLE: usize = 50;
const READERS: usize = 20;
const LINES: u64 = 2_000;
const MALFORMED: u64 = 5_000;
/// Bytes that a second flood may add: what allocators and pools keep at hand, and no more.
const GROWTH: u64 = 4 << 20;

fn limits() -> Posture {
    Posture::Configured("[api.limits]\nconnections = 512\nconnections-per-client = 512\n".into())
}

/// Reads until it has all lines, or was told that it missed them; how many it has.
async fn read(target: Target) -> u64 {
    let mut client = LogsClient::new(target.channel().await.expect("a channel"));
    let request = v1::ReadLogsRequest { follow: true, ..Default::default() };
    let mut lines = client.read(request).await.expect("it may read").into_inner();
    let (mut got, mut lost) = (0, 0);
    while got + lost < LINES {
        let line = lines.message().await.expect("a line").expect("there are more");
        got += 1;
        lost += line.lost;
    }
    got
}

#[tokio::test]
async fn a_crowd_keeps_nobody_from_being_answered() {
    let scratch = Scratch::new(&limits()).expect("a root");
    let mut log = scratch.log_file().expect("a log");
    let agent = start(&scratch);
    let target = agent.target(scratch.owner.tls_as(Role::Reader).expect("a client"));

    let mut idle = Vec::new();
    for _ in 0..IDLE {
        idle.push(target.http2().await.expect("there is room"));
    }
    let mut readers = JoinSet::new();
    for _ in 0..READERS {
        readers.spawn(read(target.clone()));
    }
    // One asks for the same and never reads.
    let mut slow = target.http2().await.expect("there is room");
    slow.call("/corten.v1.Logs/Read", &[0x10, 1]).await.expect("it can be sent");
    for _ in 0..LINES / 100 {
        log.write("web", 100).expect("it can be written");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while let Some(got) = readers.join_next().await {
        assert_eq!(got.expect("it does not panic"), LINES, "who keeps up misses nothing");
    }

    flood(&agent, &target).await;
    let before = agent.usage().expect("it runs").resident;
    flood(&agent, &target).await;
    let after = agent.usage().expect("it runs").resident;
    assert!(after < before + GROWTH, "{before} bytes after a flood, {after} after another one");

    for connection in &mut idle {
        assert_eq!(
            connection.ping().await.expect("it can be asked"),
            Ended::Streams,
            "an idle one was let go"
        );
    }
    // That they got as far as they should shows in what the agent counts.
    let channel = target.channel().await.expect("a channel");
    let metrics = MetricsClient::new(channel).get(v1::GetMetricsRequest {}).await.expect("it may read");
    let text = metrics.into_inner().text;
    for code in ["unimplemented", "permissiondenied", "internal", "ok"] {
        assert!(text.contains(&format!("code=\"{code}\"")), "no call ended as {code}:\n{text}");
    }
}

async fn flood(agent: &Agent, target: &Target) {
    let flood = |requests, only| Flood { requests, clients: 4, only, sent: Arc::new(AtomicU64::new(0)) };
    let flooded =
        flood(MALFORMED, None).run(target).await.unwrap_or_else(|fault| panic!("{fault}: {}", agent.said()));
    assert!(flooded.count() >= MALFORMED);
    // Each kind, however rare it is.
    for malformed in Malformed::ALL {
        let flooded = flood(20, Some(malformed)).run(target).await;
        flooded.unwrap_or_else(|fault| panic!("{}: {fault}: {}", malformed.name(), agent.said()));
    }
    target.call().await.expect("it still answers");
}
