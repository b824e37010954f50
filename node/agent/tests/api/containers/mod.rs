//! Calls that the agent passes on to the container service, and what it makes of what that tells.

mod service;

use std::sync::atomic::Ordering;
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::role::Role;
use corten_api::v1;
use corten_api::v1::audit_client::AuditClient;
use corten_api::v1::copy_to_request::Message as CopyTo;
use corten_api::v1::events_client::EventsClient;
use corten_api::v1::exec_request::Message as Asked;
use corten_api::v1::exec_response::Message as Said;
use corten_api::v1::node_client::NodeClient;
use corten_api::v1::workloads_client::WorkloadsClient;
use corten_load::{Agent, Posture, Scratch};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_stream::StreamExt as _;
use tonic::transport::Channel;
use tonic::{Code, Request};

use self::service::{EXIT_CODE, PIECE, PIECES, Service};
use crate::start;

const SOCKET: &str = "/run/corten/containers/api.sock";
const PROGRAM: &str = "/usr/lib/corten/containers";
const PATIENCE: Duration = Duration::from_secs(40);

fn scratch(lines: &str) -> Scratch {
    let scratch = Scratch::new(&Posture::Configured(lines.into())).expect("a root");
    std::fs::write(scratch.path(PROGRAM), "").expect("it can be written");
    scratch
}

async fn channel(scratch: &Scratch, agent: &Agent, role: Role) -> Channel {
    let tls = scratch.owner.tls_as(role).expect("a client");
    agent.target(tls).channel().await.expect("it is let in")
}

async fn admin(scratch: &Scratch, agent: &Agent) -> WorkloadsClient<Channel> {
    WorkloadsClient::new(channel(scratch, agent, Role::Admin).await)
}

/// Waits until something is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// A request to run a program, with these pieces of input and the end of it.
fn exec(
    program: &str,
    input: Vec<Vec<u8>>,
) -> impl tokio_stream::Stream<Item = v1::ExecRequest> + Send + 'static + use<> {
    let start =
        v1::ExecStart { container: "web".into(), command: vec![program.into()], ..v1::ExecStart::default() };
    let messages = [Asked::Start(start)].into_iter().chain(input.into_iter().map(Asked::Input));
    let messages: Vec<_> = messages.map(|message| v1::ExecRequest { message: Some(message) }).collect();
    tokio_stream::iter(messages)
}

/// What the audit log says of a method.
async fn audited(scratch: &Scratch, agent: &Agent, method: &str) -> Vec<(String, String)> {
    let mut client = AuditClient::new(channel(scratch, agent, Role::Operator).await);
    let mut entries = client.read(v1::ReadAuditRequest::default()).await.expect("an operator").into_inner();
    let mut found = Vec::new();
    while let Some(entry) = entries.message().await.expect("they can be read") {
        if entry.method == format!("corten.v1.Workloads/{method}") {
            found.push((entry.what, entry.result));
        }
    }
    found
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(one, other)| (one.to_owned(), other.to_owned())).into()
}

#[tokio::test]
async fn calls_of_all_kinds_go_through_as_they_are() {
    let scratch = scratch("");
    let _service = Service::start(&scratch.path(SOCKET));
    let agent = start(&scratch);
    let mut client = admin(&scratch, &agent).await;

    let list = client.list(v1::ListWorkloadsRequest {}).await.expect("it is there").into_inner();
    assert_eq!(list.workloads[0].containers[0].name, "web/app");

    let request = v1::WorkloadLogsRequest { since_ns: 7, ..Default::default() };
    let lines = client.logs(request).await.expect("it is there").into_inner();
    let texts: Vec<String> = lines.take(3).map(|line| line.expect("a line").text).collect().await;
    assert_eq!(texts, ["line 0", "line 1", "line 2"]);

    // More than all windows between here and there take together.
    let input: Vec<Vec<u8>> = (0..100_u8).map(|number| vec![number; 20_000]).collect();
    let mut said = client.exec(exec("cat", input.clone())).await.expect("it is there").into_inner();
    let mut output = Vec::new();
    let mut code = None;
    while let Some(message) = said.message().await.expect("nothing fails") {
        match message.message {
            Some(Said::Output(bytes)) => output.extend(bytes),
            Some(Said::Ended(end)) => code = Some(end.exit_code),
            other => panic!("{other:?}"),
        }
    }
    assert!(output == input.concat() && code == Some(EXIT_CODE));

    let request = v1::CopyFromRequest { container: "web".into(), path: "/etc".into() };
    let mut chunks = client.copy_from(request).await.expect("it is there").into_inner();
    let mut bytes = 0;
    while let Some(chunk) = chunks.message().await.expect("nothing fails") {
        bytes += chunk.data.len();
    }
    assert_eq!(bytes, PIECE * PIECES);

    let first = CopyTo::Start(v1::CopyToStart { container: "web".into(), folder: "/tmp".into() });
    let pieces = std::iter::once(first).chain((0..PIECES).map(|_| CopyTo::Data(vec![1; PIECE])));
    let pieces: Vec<_> = pieces.map(|message| v1::CopyToRequest { message: Some(message) }).collect();
    let copied = client.copy_to(tokio_stream::iter(pieces)).await.expect("it is there").into_inner();
    assert_eq!(copied, v1::CopyToResponse { files: 1, bytes: (PIECE * PIECES) as u64 });

    let request = v1::StartWorkloadRequest { name: "nobody".into() };
    let refused = ApiError::from(&client.start(request).await.expect_err("there is none"));
    assert_eq!(refused, ApiError::new(Code::NotFound, "there is no workload \"nobody\"", "there is web"));
}

#[tokio::test]
async fn what_was_done_is_written_down_and_what_lasts_at_both_ends() {
    let scratch = scratch("");
    let service = Service::start(&scratch.path(SOCKET));
    let agent = start(&scratch);
    let mut client = admin(&scratch, &agent).await;

    for name in ["web", "nobody"] {
        let _ = client.start(v1::StartWorkloadRequest { name: name.into() }).await;
    }
    assert_eq!(
        audited(&scratch, &agent, "Start").await,
        pairs([("web", "ok"), ("nobody", "NotFound: there is no workload \"nobody\"")])
    );

    let mut said = client.exec(exec("cat", vec![b"x".into()])).await.expect("it is there").into_inner();
    while said.message().await.expect("nothing fails").is_some() {}
    // On the disk before its caller hears of the end.
    assert_eq!(
        audited(&scratch, &agent, "Exec").await,
        pairs([("web: cat", "began"), ("web: cat", &format!("exit code {EXIT_CODE}"))])
    );

    // A caller that is killed in the middle.
    let tls = scratch.owner.tls_as(Role::Admin).expect("a client");
    let target = agent.target(tls);
    let killed = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut client = WorkloadsClient::new(target.channel().await.expect("it is let in"));
            let said = client.exec(exec("sleep", Vec::new()).chain(tokio_stream::pending())).await;
            said.expect("it is there");
        });
    });
    killed.join().expect("no panic");
    let begun = audited(&scratch, &agent, "Exec").await;
    assert_eq!(begun.get(2), Some(&("web: sleep".to_owned(), "began".to_owned())), "{begun:?}");
    until("the end of a call that was broken off", async || {
        let entries = audited(&scratch, &agent, "Exec").await;
        entries.last().is_some_and(|(_, result)| result == "broken off by the caller")
    })
    .await;
    until("its end at the service", async || service.facts.open.load(Ordering::SeqCst) == 0).await;

    let debug = v1::DebugStart { exec: None, image: "tools:1".into() };
    let debug = v1::DebugRequest { message: Some(v1::debug_request::Message::Start(debug)) };
    client.debug(tokio_stream::once(debug)).await.expect_err("it is not allowed");
    let result = "FailedPrecondition: the configuration does not allow it";
    assert_eq!(
        audited(&scratch, &agent, "Debug").await,
        pairs([(" with tools:1:", "began"), (" with tools:1:", result)])
    );

    // Who may not do it begins nothing.
    let mut operator = WorkloadsClient::new(channel(&scratch, &agent, Role::Operator).await);
    let refused = operator.exec(exec("cat", Vec::new())).await.expect_err("an operator");
    assert_eq!(refused.code(), Code::PermissionDenied);
    let last = audited(&scratch, &agent, "Exec").await.pop().expect("it is written down");
    assert!(last.1.starts_with("PermissionDenied: "), "{last:?}");
}

#[tokio::test]
async fn an_agent_that_stops_writes_down_what_ends_with_it() {
    let scratch = scratch("");
    let _service = Service::start(&scratch.path(SOCKET));
    let agent = start(&scratch);
    let mut client = admin(&scratch, &agent).await;
    let said = client.exec(exec("sleep", Vec::new()).chain(tokio_stream::pending())).await;
    let _said = said.expect("it is there");
    let stopped = tokio::task::spawn_blocking(move || agent.stop());
    assert!(stopped.await.expect("no panic").expect("it stops").success());
    let text =
        std::fs::read_to_string(scratch.path("/var/lib/corten/agent/audit/audit.jsonl")).expect("a file");
    let last = text.lines().last().expect("a line");
    assert!(last.contains("broken off: the agent stops"), "{text}");
}

#[tokio::test]
async fn a_call_that_is_taken_back_ends_at_the_service_and_deadlines_travel() {
    let scratch = scratch("");
    let service = Service::start(&scratch.path(SOCKET));
    let agent = start(&scratch);
    let mut client = admin(&scratch, &agent).await;
    let open = || service.facts.open.load(Ordering::SeqCst);

    let lines = client.logs(v1::WorkloadLogsRequest::default()).await.expect("it is there");
    assert_eq!(open(), 1);
    drop(lines);
    until("the end of a stream", async || open() == 0).await;

    let mut request = Request::new(v1::StopWorkloadRequest { name: "web".into() });
    request.set_timeout(Duration::from_millis(500));
    client.stop(request).await.expect_err("it takes too long");
    let deadline = service.facts.deadline.lock().expect("no panic").clone();
    assert_eq!(deadline.as_deref(), Some("500000u"));
    until("the end of a call", async || open() == 0).await;
}

#[tokio::test]
async fn a_service_that_is_not_there_or_was_started_again_is_no_riddle() {
    let scratch = scratch("");
    let agent = start(&scratch);
    let mut client = admin(&scratch, &agent).await;
    let list = async |client: &mut WorkloadsClient<Channel>| {
        let listed = client.list(v1::ListWorkloadsRequest {}).await;
        listed.map_err(|status| ApiError::from(&status))
    };
    let refused = list(&mut client).await.expect_err("nobody listens");
    assert_eq!(refused.code, Code::Unavailable);
    assert!(refused.cause.starts_with("the container service does not answer: "), "{refused}");
    assert!(refused.remedy.contains("corten node services"), "{refused}");

    let service = Service::start(&scratch.path(SOCKET));
    list(&mut client).await.expect("it is there");
    let mut lines = client.logs(v1::WorkloadLogsRequest::default()).await.expect("it is there").into_inner();
    drop(service);
    let ended = loop {
        match lines.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended as if that were all"),
            Err(status) => break ApiError::from(&status),
        }
    };
    assert_eq!(ended.code, Code::Unavailable, "{ended}");
    assert!(ended.cause.starts_with("the container service went away"), "{ended}");
    assert_eq!(list(&mut client).await.expect_err("it is gone").code, Code::Unavailable);

    let service = Service::start(&scratch.path(SOCKET));
    list(&mut client).await.expect("it is there again");

    std::fs::remove_file(scratch.path(PROGRAM)).expect("it is there");
    drop(service);
    let refused = loop {
        match list(&mut client).await {
            Err(refused) if refused.code == Code::Unimplemented => break refused,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(refused.cause, "the image of this node has no container service");
}

const WORKLOAD: &str = "[workloads.web]\nessential = true\n\
                        [workloads.web.containers.app]\nimage = \"registry.example/web:1\"\n";

#[tokio::test]
async fn a_workload_that_is_essential_is_part_of_the_nodes_health_and_its_changes_are_events() {
    let scratch = scratch(WORKLOAD);
    let service = Service::start(&scratch.path(SOCKET));
    let agent = start(&scratch);
    let reader = channel(&scratch, &agent, Role::Reader).await;
    let health = async || {
        let health = NodeClient::new(reader.clone()).health(v1::HealthRequest {}).await;
        let checks = health.expect("it may read").into_inner().checks;
        let check = checks.into_iter().find(|check| check.name == "workload/web").expect("it is a check");
        (check.verdict(), check.found)
    };
    until("a healthy workload", async || health().await.0 == v1::Verdict::Healthy).await;
    let watched = EventsClient::new(reader.clone()).watch(v1::WatchEventsRequest { backlog: false }).await;
    let mut events = watched.expect("it may read").into_inner();
    *service.facts.state.lock().expect("no panic") = "back-off".into();
    let event = loop {
        let event = events.message().await.expect("nothing fails").expect("there are more");
        if event.kind == "workload" {
            break event;
        }
    };
    assert_eq!((event.subject.as_str(), event.text.as_str()), ("web/app", "back-off"));
    assert_eq!(health().await, (v1::Verdict::Unhealthy, "web/app is back-off".into()));
    let order =
        corten_control::ContainersOrder::read(scratch.root()).expect("it is one").expect("it is there");
    assert!(order.containers.workloads["web"].essential);
}

#[tokio::test]
async fn what_containers_print_is_sent_to_targets_once() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let target = format!("[logging.targets.central]\naddress = \"127.0.0.1:{port}\"\ntransport = \"tcp\"\n");
    let scratch = scratch(&format!("{WORKLOAD}{target}"));
    let service = Service::start(&scratch.path(SOCKET));
    let _agent = start(&scratch);
    let (stream, _) =
        tokio::time::timeout(PATIENCE, listener.accept()).await.expect("in time").expect("a connection");
    let mut lines = BufReader::new(stream).lines();
    let mut next = async || {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("in time");
        serde_json::from_str::<serde_json::Value>(&line.expect("it is open").expect("a line")).expect("JSON")
    };
    for number in 0..3 {
        let line = next().await;
        assert_eq!((line["source"].as_str(), &line["level"]), (Some("web/app"), &6.into()));
        assert_eq!(line["text"], format!("line {number}"));
    }
    // From the last line on, with a second for those that come late.
    let since = |service: &Service| *service.facts.since.lock().expect("no panic");
    let last = since(&service) + 2_000_000_002;
    drop(service);
    let service = Service::start(&scratch.path(SOCKET));
    assert_eq!(next().await["text"], "line 0");
    assert_eq!(since(&service), last - 1_000_000_000);
}
