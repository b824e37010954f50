//! A node without a configuration: it says who it is and nothing else, and takes a configuration from whoever stands
//! before its console.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use corten_api::methods::{METHODS, Maintenance};
use corten_api::role::Role;
use corten_api::tls::ServerCheck;
use corten_api::v1::{ApplyConfigRequest, Document, When as AppliesWhen};
use libtest_mimic::Trial;
use prost::Message as _;

use super::managed;
use crate::live::{Answer, Node, Setting, Story, Wire};
use crate::ran::Ran;
use crate::scenario::{Place, When};

const FAILED_PRECONDITION: Option<u32> = Some(9);
const PERMISSION_DENIED: Option<u32> = Some(7);
const RESOURCE_EXHAUSTED: Option<u32> = Some(8);
const UNAUTHENTICATED: Option<u32> = Some(16);

/// What the machine brings along: unusable, for one key.
const BROKEN: &str = "version = 1\n\n[identity]\nhostnam = \"broken\"\n";

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "pairing",
        when: When::Always,
        setting: |workshop, name| {
            let owner = managed::owner(workshop, name)?;
            let broken = owner.text("10-broken.toml", BROKEN)?;
            Ok(Setting { machine: managed::machine(workshop, vec![broken])?, owner })
        },
        steps: &[
            ("the_console_shows_why_and_a_code", the_console_shows_why_and_a_code),
            ("it_says_what_it_is_and_why_it_waits", it_says_what_it_is),
            ("it_refuses_everything_else_with_the_remedy", it_refuses_everything_else),
            ("a_wrong_code_is_counted", a_wrong_code_is_counted),
            ("there_is_one_try_a_second", there_is_one_try_a_second),
            ("another_fingerprint_is_sent_nothing", another_fingerprint_is_sent_nothing),
            ("the_right_code_gives_it_its_configuration", the_right_code_gives_it_its_configuration),
            ("it_is_its_owners_then", it_is_its_owners_then),
            ("strangers_get_in_no_more", strangers_get_in_no_more),
            ("the_audit_log_tells_who_paired_it", the_audit_log_tells_who_paired_it),
        ],
    }
    .add(place, trials);
    Story {
        name: "pairing_closes",
        when: When::Long,
        setting: |workshop, name| {
            let owner = managed::owner(workshop, name)?;
            Ok(Setting { machine: managed::machine(workshop, Vec::new())?, owner })
        },
        steps: &[
            ("the_console_shows_a_code", |node| {
                node.console_shows("pairing code: ")?;
                Ok(())
            }),
            ("ten_wrong_codes_close_it", ten_wrong_codes_close_it),
        ],
    }
    .add(place, trials);
}

/// What stands on the console behind a word.
fn shown(node: &mut Node<'_>, word: &str) -> Result<String> {
    let line = node.console_shows(word)?;
    let (_, value) = line.split_once(word).context("it was there")?;
    Ok(value.trim().to_owned())
}

fn the_console_shows_why_and_a_code(node: &mut Node<'_>) -> Result<()> {
    node.becomes_ready()?;
    let code = shown(node, "pairing code: ")?;
    let groups: Vec<_> = code.split('-').map(str::len).collect();
    ensure!(groups == [4, 4, 4], "the code is {code:?}");
    let fingerprint = shown(node, "    fingerprint ")?;
    ensure!(fingerprint.len() == 64, "the fingerprint is {fingerprint:?}");
    let why = shown(node, "*** corten: maintenance: ")?;
    ensure!(
        why.contains("unknown key `identity.hostnam`") && why.contains("broken.toml:4"),
        "it says {why:?}"
    );
    node.console_shows("▀▀▀▀▀▀▀")?;
    Ok(())
}

fn stranger(node: &Node<'_>) -> Result<Wire> {
    Wire::connect(node.port, corten_api::tls::client(None, &ServerCheck::Unknown)?)
}

fn it_says_what_it_is(node: &mut Node<'_>) -> Result<()> {
    let answer =
        node.until(Duration::from_secs(30), |node| stranger(node)?.call("corten.v1.Node/Info", b""))?;
    let info = corten_api::v1::InfoResponse::decode(answer.messages.first().context("no answer")?.clone())?;
    ensure!(info.mode() == corten_api::v1::Mode::Maintenance, "{info:?}");
    ensure!(info.reason.contains("unknown key `identity.hostnam`"), "{info:?}");
    ensure!(info.fingerprint == shown(node, "    fingerprint ")?, "{info:?}");
    // What is nobody's business yet.
    ensure!(info.kernel.is_empty() && info.root_hash.is_empty() && info.memory_bytes == 0, "{info:?}");
    Ok(())
}

fn it_refuses_everything_else(node: &mut Node<'_>) -> Result<()> {
    for (method, access) in METHODS {
        let answer = stranger(node)?.call(method, b"")?;
        if access.maintenance == Maintenance::Closed {
            ensure!(answer.code == FAILED_PRECONDITION, "{method}: {answer:?}");
            ensure!(answer.message.contains("corten node pair"), "{method}: {}", answer.message);
        } else {
            ensure!(answer.code != FAILED_PRECONDITION, "{method}: {answer:?}");
        }
    }
    Ok(())
}

/// Applies a document with this proof.
fn tries(node: &Node<'_>, proof: &[u8]) -> Result<Answer> {
    let document = Document { name: "first.toml".into(), format: 1, text: "version = 1\n".into() };
    let request = ApplyConfigRequest {
        document: Some(document),
        when: AppliesWhen::Now.into(),
        trial_seconds: 0,
        pairing_proof: proof.to_vec(),
    };
    stranger(node)?.call("corten.v1.Config/Apply", &request.encode_to_vec())
}

fn a_wrong_code_is_counted(node: &mut Node<'_>) -> Result<()> {
    std::thread::sleep(Duration::from_millis(1500));
    let answer = tries(node, &[1; 32])?;
    ensure!(answer.code == UNAUTHENTICATED, "{answer:?}");
    ensure!(answer.message.contains("the pairing code is wrong, 9 tries are left"), "{answer:?}");
    Ok(())
}

fn there_is_one_try_a_second(node: &mut Node<'_>) -> Result<()> {
    std::thread::sleep(Duration::from_millis(1500));
    let (first, second) = (tries(node, &[2; 32])?, tries(node, &[3; 32])?);
    ensure!(first.code == UNAUTHENTICATED && first.message.contains("8 tries"), "{first:?}");
    ensure!(second.code == RESOURCE_EXHAUSTED, "{second:?}");
    std::thread::sleep(Duration::from_millis(1500));
    Ok(())
}

/// `corten node pair`.
fn pair(node: &mut Node<'_>, fingerprint: &str) -> Result<Ran> {
    let code = shown(node, "pairing code: ")?;
    let text = node.owner.configuration("[identity]\nhostname = \"paired\"\n")?;
    let path = node.owner.put("first.toml", &text)?;
    let mut command = node.workshop.corten();
    command.args(["node", "--contexts"]).arg(node.owner.path("paired.toml"));
    command.args(["pair", &format!("127.0.0.1:{}", node.port), "--code", &code, "--config"]).arg(path);
    command.args(["--fingerprint", fingerprint, "--authority"]).arg(node.owner.path("authority.pem"));
    command.arg("--certificate").arg(node.owner.path("admin.pem"));
    command.arg("--key").arg(node.owner.path("admin.key"));
    Ran::new(&mut command)
}

fn another_fingerprint_is_sent_nothing(node: &mut Node<'_>) -> Result<()> {
    let ran = pair(node, &"0".repeat(64))?;
    ensure!(ran.exits_with(0).is_err(), "{ran}");
    ensure!(ran.said().contains(&shown(node, "    fingerprint ")?), "{ran}");
    Ok(())
}

fn the_right_code_gives_it_its_configuration(node: &mut Node<'_>) -> Result<()> {
    let fingerprint = shown(node, "    fingerprint ")?;
    let ran = pair(node, &fingerprint)?;
    ran.exits_with(0)?;
    ensure!(ran.said().contains("it is called paired here"), "{ran}");
    Ok(())
}

/// By the certificate that its configuration gave it, which the owner's authority signed.
fn it_is_its_owners_then(node: &mut Node<'_>) -> Result<()> {
    node.answers()?;
    let info = node.ask(&["info"])?;
    ensure!(info["hostname"] == "paired" && info["mode"] == "configured", "{info}");
    // The document that is broken is still told of.
    ensure!(info["reason"].as_str().is_some_and(|why| why.contains("hostnam")), "{info}");
    Ok(())
}

fn strangers_get_in_no_more(node: &mut Node<'_>) -> Result<()> {
    ensure!(stranger(node).and_then(|mut wire| wire.call("corten.v1.Node/Info", b"")).is_err(), "one got in");
    Ok(())
}

fn the_audit_log_tells_who_paired_it(node: &mut Node<'_>) -> Result<()> {
    let audit = node.ask(&["audit"])?;
    let entries = audit.as_array().context("no list")?;
    let of = |result: &str| {
        let found = entries
            .iter()
            .find(|entry| entry["result"].as_str().is_some_and(|text| text.starts_with(result)));
        found.with_context(|| format!("no {result} in {audit}"))
    };
    // Of the tries that came to nothing one stands for all, since anybody can make any number of them.
    for entry in [of("ok")?, of("InvalidArgument: no document is given")?] {
        ensure!(entry["who"] == "somebody who is not known", "{entry}");
        ensure!(entry["from"].as_str().is_some_and(|from| from.starts_with("10.0.2.2:")), "{entry}");
    }
    let history = node.ask(&["config", "history"])?;
    ensure!(
        history[0]["by"].as_str().is_some_and(|by| by.starts_with("pairing, from 10.0.2.2:")),
        "{history}"
    );
    // Whoever is an owner's is named from now on.
    let reader = node.owner.client("reader", Role::Reader)?;
    let refused = node.wire(Some(&reader))?.call("corten.v1.Node/Reboot", b"")?;
    ensure!(refused.code == PERMISSION_DENIED, "{refused:?}");
    Ok(())
}

fn ten_wrong_codes_close_it(node: &mut Node<'_>) -> Result<()> {
    node.until(Duration::from_secs(30), |node| stranger(node).map(drop))?;
    for left in (0..10).rev() {
        std::thread::sleep(Duration::from_millis(1200));
        let answer = tries(node, &[left; 32])?;
        ensure!(answer.message.contains(&format!("{left} tries are left")), "{answer:?}");
    }
    std::thread::sleep(Duration::from_millis(1200));
    let answer = tries(node, &[0; 32])?;
    ensure!(
        answer.code == PERMISSION_DENIED && answer.message.contains("start the node again"),
        "{answer:?}"
    );
    node.console_shows("Pairing is closed after too many wrong codes")?;
    // The right one too.
    let code = shown(node, "pairing code: ")?.parse::<corten_api::pairing::Code>()?;
    let fingerprint: corten_api::identity::Fingerprint = shown(node, "    fingerprint ")?.parse()?;
    let proof = code.proof(fingerprint.as_bytes(), b"version = 1\n");
    std::thread::sleep(Duration::from_millis(1200));
    let answer = tries(node, &proof)?;
    ensure!(answer.code == PERMISSION_DENIED, "{answer:?}");
    Ok(())
}
