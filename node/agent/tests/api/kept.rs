//! What outlives an agent that is killed: entries of the audit log, and what is known of pairing.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use corten_api::error::ApiError;
use corten_api::identity::Fingerprint;
use corten_api::pairing::Code;
use corten_api::role::Role;
use corten_api::tls::{ServerCheck, client};
use corten_api::v1;
use corten_api::v1::audit_client::AuditClient;
use corten_api::v1::config_client::ConfigClient;
use corten_api::v1::node_client::NodeClient;
use corten_control::Request;
use corten_load::{Agent, Posture, Scratch, Target};

use crate::start;

#[tokio::test]
async fn the_audit_log_is_the_agents_alone_and_goes_on_after_a_kill() {
    let scratch = Scratch::new(&Posture::Configured(String::new())).expect("a root");
    let tls = scratch.owner.tls_as(Role::Operator).expect("a client");
    for number in 1..=2 {
        let agent = start(&scratch);
        let channel = agent.target(tls.clone()).channel().await.expect("it is let in");
        NodeClient::new(channel.clone()).reboot(v1::RebootRequest {}).await.expect("an operator");
        let read = AuditClient::new(channel).read(v1::ReadAuditRequest::default()).await;
        let mut read = read.expect("an operator").into_inner();
        let mut entries = Vec::new();
        while let Some(entry) = read.message().await.expect("they can be read") {
            entries.push(entry);
        }
        let last = entries.last().expect("an entry");
        assert_eq!((last.number, entries.len()), (number, number as usize));
        assert_eq!(
            (last.who.as_str(), last.role.as_str(), last.result.as_str()),
            ("operator", "operator", "ok")
        );
        assert_eq!(last.method, "corten.v1.Node/Reboot");
        // On the disk before the answer, for nobody else to read.
        let file = scratch.path("/var/lib/corten/agent/audit/audit.jsonl");
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        agent.kill().expect("it runs");
        let text = std::fs::read_to_string(&file).expect("text");
        assert_eq!(text.lines().count(), number as usize, "{text}");
    }
}

/// The code that a person at the console sees.
fn shown(scratch: &Scratch) -> Code {
    let code =
        |line: &String| line.split_once("pairing code: ").and_then(|(_, code)| code.trim().parse().ok());
    let found = scratch.init.wait(Duration::from_secs(10), |request| match request {
        Request::Show { lines } => lines.iter().find_map(code),
        _ => None,
    });
    found.expect("it is shown")
}

/// Somebody who is not known.
fn stranger(agent: &Agent) -> Target {
    agent.target(client(None, &ServerCheck::Unknown).expect("TLS"))
}

/// Applies a document with the proof that this code gives.
async fn pair(target: &Target, code: &Code, text: &str) -> Result<(), ApiError> {
    let stream = target.shake_hands().await.expect("anybody is let in");
    let shown = stream.get_ref().1.peer_certificates().expect("a certificate");
    let fingerprint = Fingerprint::of(&shown[0]);
    let document =
        v1::Document { name: "machine.toml".into(), text: text.into(), format: v1::Format::Toml.into() };
    let request = v1::ApplyConfigRequest {
        document: Some(document),
        when: v1::When::Now.into(),
        pairing_proof: code.proof(fingerprint.as_bytes(), text.as_bytes()).to_vec(),
        ..Default::default()
    };
    let channel = target.channel().await.expect("a channel");
    ConfigClient::new(channel).apply(request).await.map(drop).map_err(|status| ApiError::from(&status))
}

#[tokio::test]
async fn an_agent_that_is_killed_forgets_neither_code_nor_tries_and_the_code_is_good_once() {
    let scratch = Scratch::new(&Posture::Maintenance).expect("a root");
    let document = format!("version = 1\n[api]\ntrusted = ['''\n{}''']\n", scratch.owner.authority());
    let wrong = Code::generate([9; 8]);

    let agent = start(&scratch);
    let code = shown(&scratch);
    let refused = pair(&stranger(&agent), &wrong, &document).await.expect_err("a wrong code");
    assert!(refused.cause.contains("9 tries are left"), "{refused}");
    agent.kill().expect("it runs");

    let agent = start(&scratch);
    assert_eq!(shown(&scratch), code, "it is the same code");
    let target = stranger(&agent);
    let refused = pair(&target, &wrong, &document).await.expect_err("a wrong code");
    assert!(refused.cause.contains("8 tries are left"), "{refused}");
    let refused = pair(&target, &code, &document).await.expect_err("one try a second");
    assert_eq!(refused.code, tonic::Code::ResourceExhausted, "{refused}");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    pair(&target, &code, &document).await.expect("the right code");

    // From now on it knows whom it belongs to, after a kill too. It still shows the certificate that it made itself.
    for agent in [agent, start(&scratch)] {
        let admin = scratch.owner.client(Role::Admin).expect("a certificate");
        let tls = client(Some(&admin), &ServerCheck::Unknown).expect("TLS");
        agent.target(tls).call().await.expect("the owner is let in");
        assert!(stranger(&agent).call().await.is_err(), "nobody else is");
        agent.kill().expect("it runs");
    }
}
