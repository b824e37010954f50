//! Several nodes at a time, some of which fail.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use corten_client::ask;
use corten_client::connection::NodeError;
use corten_client::contexts::{Node, NodeName, Trust};
use corten_client::each::each;
use corten_client::follow::{self, Backlog, End, LogQuery, Since, Source};
use corten_client::view::{Output, Reach, Width, print};
use tokio::net::TcpListener;

use crate::fake::lines::KEPT;
use crate::fake::{Fake, Owner};

fn name(text: &str) -> NodeName {
    text.parse().expect("a name")
}

/// A context of a node that nothing listens for.
async fn gone(owner: &Owner) -> Node {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    owner.context(listener.local_addr().expect("it has an address"))
}

fn query(end: End) -> LogQuery {
    LogQuery { source: Source::Node, end, tail: 3, since: None }
}

#[tokio::test]
async fn who_answers_and_who_does_not_stand_beside_each_other_in_the_order_of_their_names() {
    let owner = Owner::new();
    let (one, two) = (Fake::of(&owner, "first"), Fake::of(&owner, "second"));
    // Takes connections, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let nodes = vec![
        (name("quiet"), owner.context(silent.local_addr().expect("it has an address"))),
        (name("two"), owner.context(two.at)),
        (name("gone"), gone(&owner).await),
        (name("one"), owner.context(one.at)),
    ];
    let start = Instant::now();
    let answers = each(nodes, ask::info).await;
    let took = start.elapsed();
    assert!((Duration::from_secs(4)..Duration::from_secs(9)).contains(&took), "one waits for none: {took:?}");
    let names: Vec<_> = answers.iter().map(|answer| answer.node.as_str()).collect();
    assert_eq!(names, ["quiet", "two", "gone", "one"]);
    assert!(matches!(answers[0].result, Err(NodeError::Silent { .. })), "{:?}", answers[0]);
    assert!(matches!(answers[2].result, Err(NodeError::Refused { .. })), "{:?}", answers[2]);
    let printed = print(&answers, Output::Table, Width::Unlimited);
    assert_eq!(printed.reach, Reach::Some);
    assert!(printed.out.contains("second") && printed.out.contains("first") && !printed.out.contains("gone"));
    assert!(printed.err.contains("gone: ") && printed.err.contains("quiet: "), "{}", printed.err);
}

#[tokio::test]
async fn logs_of_all_nodes_come_together_and_each_tells_how_it_ended() {
    let owner = Owner::new();
    let (one, two) = (Fake::of(&owner, "first"), Fake::of(&owner, "second"));
    let nodes = vec![
        (name("one"), owner.context(one.at)),
        (name("gone"), gone(&owner).await),
        (name("two"), owner.context(two.at)),
    ];
    let mut lines = Vec::new();
    let answers = follow::logs(nodes, query(End::Stop), |node, line| {
        lines.push((node.to_string(), serde_json::to_value(line).expect("it has a form")["text"].clone()));
        ControlFlow::Continue(())
    })
    .await;
    lines.sort_by_key(|(node, _)| node.clone());
    let texts = |node: &str, hostname: &str| {
        (0..KEPT).map(|number| (node.to_owned(), format!("{hostname} {number}").into())).collect::<Vec<_>>()
    };
    assert_eq!(lines, [texts("one", "first"), texts("two", "second")].concat());
    let failed: Vec<_> = answers.iter().map(|answer| answer.result.is_err()).collect();
    assert_eq!(failed, [false, true, false]);
    let asked = one.facts.logs.lock().expect("nobody panics").clone().expect("it was asked");
    assert_eq!((asked.tail, asked.follow, asked.since_ns), (3, false, 0));
}

#[tokio::test]
async fn who_has_seen_enough_waits_for_nobody() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "first");
    let mut seen = 0;
    let answers = follow::logs(vec![(name("one"), owner.context(fake.at))], query(End::Follow), |_, _| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await;
    assert_eq!(seen, 2);
    assert!(answers[0].result.is_ok());
}

#[tokio::test]
async fn how_long_ago_counts_by_the_clock_of_the_node() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "first");
    let nodes = vec![(name("one"), owner.context(fake.at))];
    let since: Option<Since> = "90s".parse().ok();
    follow::logs(nodes, LogQuery { since, ..query(End::Stop) }, |_, _| ControlFlow::Continue(())).await;
    let asked = fake.facts.logs.lock().expect("nobody panics").clone().expect("it was asked");
    assert_eq!(asked.since_ns, 1_796_000_000_000_000_000 - 90_000_000_000);
}

#[tokio::test]
async fn events_come_with_what_was_before_if_that_is_wanted() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "first");
    for (backlog, expected) in [(Backlog::Kept, "before"), (Backlog::Ignored, "now")] {
        let mut texts = Vec::new();
        follow::events(vec![(name("one"), owner.context(fake.at))], backlog, |_, event| {
            texts.push(serde_json::to_value(event).expect("it has a form")["text"].clone());
            ControlFlow::Continue(())
        })
        .await;
        assert_eq!(texts, [expected]);
    }
}

#[tokio::test]
async fn a_connection_that_ends_in_the_middle_of_a_stream_is_told() {
    let owner = Owner::new();
    let fake = Fake::of(&owner, "first");
    let mut node = owner.context(fake.at);
    node.trust = Trust::Fingerprint(fake.fingerprint);
    let mut fake = Some(fake);
    let answers = follow::logs(vec![(name("one"), node)], query(End::Follow), |_, _| {
        // The node goes away with its first line.
        fake.take();
        ControlFlow::Continue(())
    })
    .await;
    assert!(matches!(answers[0].result, Err(NodeError::Lost(_))), "{:?}", answers[0]);
}
