//! Who gets in, and who may do what: each method with each role, and certificates that are no good.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use corten_api::identity::{Authority, Identity};
use corten_api::methods::METHODS;
use corten_api::role::Role;
use libtest_mimic::Trial;

use super::managed;
use crate::live::{Node, Owner, Setting, Story, now};
use crate::scenario::{Place, When};
use crate::tool;

/// Codes of gRPC.
const PERMISSION_DENIED: Option<u32> = Some(7);
const UNIMPLEMENTED: Option<u32> = Some(12);
const OK: Option<u32> = Some(0);

/// What would end the walk through the table if it was let through. They are called by those whom they are not for,
/// and at the end.
const END: [&str; 2] = ["corten.v1.Node/Reboot", "corten.v1.Node/PowerOff"];

/// Adds the cases.
pub fn add(place: &Place, trials: &mut Vec<Trial>) {
    Story {
        name: "roles",
        when: When::Always,
        setting: |workshop, name| {
            let owner = managed::owner(workshop, name)?;
            let revoked = owner.client("mallory", Role::Admin)?;
            owner.put("mallory.pem", &revoked.chain)?;
            owner.put("mallory.key", &revoked.key)?;
            let text = format!(
                "{}revoked = [\"{}\"]\n",
                owner.configuration("[identity]\nhostname = \"roles\"")?,
                revoked.check()?.fingerprint
            );
            let document = owner.text("10-test.toml", &text)?;
            Ok(Setting { machine: managed::machine(workshop, vec![document])?, owner })
        },
        steps: &[
            ("becomes_ready", |node| {
                node.becomes_ready()?;
                node.answers()
            }),
            ("readers_read", |node| may_do_what_the_table_says(node, Role::Reader)),
            ("operators_operate", |node| may_do_what_the_table_says(node, Role::Operator)),
            ("admins_administer", |node| may_do_what_the_table_says(node, Role::Admin)),
            ("what_is_no_method_is_refused", what_is_no_method_is_refused),
            ("nobody_gets_in_without_a_certificate", |node| is_refused(node, None)),
            ("an_expired_certificate_is_refused", |node| {
                let expired =
                    node.owner.authority.client(&"late".parse()?, Role::Admin, now() - 10 * DAY, 1)?;
                is_refused(node, Some(&expired))
            }),
            ("a_foreign_certificate_is_refused", |node| {
                // Of the same name.
                let foreign = Authority::generate(&"owner".parse()?, now(), 30)?;
                is_refused(node, Some(&foreign.client(&"owner".parse()?, Role::Admin, now(), 20)?))
            }),
            ("a_revoked_certificate_is_refused", |node| {
                let revoked = read(&node.owner, "mallory")?;
                is_refused(node, Some(&revoked))
            }),
            ("the_certificate_of_a_node_is_refused", |node| {
                let other = node.owner.authority.node(&"other".parse()?, &[], now(), 20)?;
                is_refused(node, Some(&other))
            }),
            ("a_certificate_without_a_role_is_refused", a_certificate_without_a_role_is_refused),
            ("tls_1_2_is_not_spoken", tls_1_2_is_not_spoken),
            ("who_gets_in_still_gets_in", |node| node.ask(&["info"]).map(drop)),
            ("a_network_that_is_not_allowed_is_refused", a_network_that_is_not_allowed_is_refused),
            ("refused_calls_are_in_the_audit_log", refused_calls_are_in_the_audit_log),
            ("an_operator_restarts_the_machine", an_operator_restarts_the_machine),
        ],
    }
    .add(place, trials);
}

const DAY: i64 = 24 * 60 * 60;

fn read(owner: &Owner, name: &str) -> Result<Identity> {
    let text = |ending: &str| std::fs::read_to_string(owner.path(&format!("{name}.{ending}")));
    Ok(Identity { chain: text("pem")?, key: text("key")?.into() })
}

/// An empty message is a valid one for each method. Those that change something find nothing in it that they could
/// change, and say so.
fn may_do_what_the_table_says(node: &mut Node<'_>, role: Role) -> Result<()> {
    let mut wire = node.wire(Some(&node.owner.client(role.name(), role)?))?;
    for (method, access) in METHODS {
        let allowed = role >= access.role;
        if allowed && END.contains(method) {
            continue;
        }
        let answer = wire.call(method, b"")?;
        let refused = answer.code == PERMISSION_DENIED;
        ensure!(refused != allowed, "{method} as {role}: {answer:?}");
        if refused {
            let expected = format!("{role} is {role}, and /{method} needs {}", access.role);
            ensure!(answer.message.contains(&expected), "{method} as {role}: {}", answer.message);
        }
    }
    Ok(())
}

fn what_is_no_method_is_refused(node: &mut Node<'_>) -> Result<()> {
    let mut wire = node.wire(Some(&node.owner.admin))?;
    for method in ["corten.v1.Node/Dance", "corten.v1.Nothing/Info", "corten.v1.Node/Info/", "x"] {
        let answer = wire.call(method, b"")?;
        ensure!(answer.code == UNIMPLEMENTED, "{method}: {answer:?}");
    }
    Ok(())
}

/// The handshake fails, or the first call does, since with TLS 1.3 a client learns of it late; and nothing was
/// answered.
fn is_refused(node: &mut Node<'_>, identity: Option<&Identity>) -> Result<()> {
    let wire = node.wire(identity);
    let why = match wire.and_then(|mut wire| wire.call("corten.v1.Node/Info", b"")) {
        Ok(answer) => bail!("it was let in: {answer:?}"),
        Err(why) => format!("{why:#}"),
    };
    ensure!(why.contains("alert"), "it was refused for another reason: {why}");
    node.ask(&["info"]).context("nobody is let in any more").map(drop)
}

/// Made by openssl, since ours makes none like it.
fn a_certificate_without_a_role_is_refused(node: &mut Node<'_>) -> Result<()> {
    let path = |name: &str| node.owner.path(name).display().to_string();
    let (key, request, made) = (path("none.key"), path("none.csr"), path("none.pem"));
    let new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    tool::run(
        tool::tool("openssl")?.args(new).args(["-subj", "/CN=none", "-keyout", &key, "-out", &request]),
    )?;
    let extensions = path("none.ext");
    std::fs::write(&extensions, "extendedKeyUsage = clientAuth\nkeyUsage = digitalSignature\n")?;
    tool::run(
        tool::tool("openssl")?
            .args(["x509", "-req", "-days", "5", "-in", &request, "-out", &made, "-extfile", &extensions])
            .args(["-CA", &path("authority.pem"), "-CAkey", &path("authority.key")]),
    )?;
    let without = read(&node.owner, "none")?;
    is_refused(node, Some(&without))
}

fn tls_1_2_is_not_spoken(node: &mut Node<'_>) -> Result<()> {
    let connect = |version: &str| -> Result<String> {
        let mut openssl = tool::tool("openssl")?;
        openssl.args(["s_client", "-connect", &format!("127.0.0.1:{}", node.port), version, "-alpn", "h2"]);
        openssl.arg("-cert").arg(node.owner.path("admin.pem"));
        openssl.arg("-key").arg(node.owner.path("admin.key"));
        let done = openssl.stdin(std::process::Stdio::null()).output()?;
        Ok(String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    let new = connect("-tls1_3")?;
    ensure!(new.contains("TLSv1.3"), "TLS 1.3 is not spoken: {new}");
    let old = connect("-tls1_2")?;
    ensure!(old.contains("alert protocol version"), "TLS 1.2 is not refused: {old}");
    Ok(())
}

/// QEMU's user network has all calls come from 10.0.2.2. The trial ends by itself, else nobody would get in again.
fn a_network_that_is_not_allowed_is_refused(node: &mut Node<'_>) -> Result<()> {
    let text = format!("{}allowed = [\"192.0.2.0/24\"]\n", node.owner.configuration("")?);
    node.applies("allowed.toml", &text, &["--trial", "12s"])?.exits_with(0)?;
    node.until(Duration::from_secs(10), |node| {
        ensure!(node.run(&["info"])?.exits_with(0).is_err(), "it is let in");
        Ok(())
    })?;
    node.until(Duration::from_secs(40), |node| node.ask(&["info"]).map(drop))?;
    let history = node.ask(&["config", "history"])?;
    ensure!(history[0]["state"] == "went back", "{history}");
    Ok(())
}

fn refused_calls_are_in_the_audit_log(node: &mut Node<'_>) -> Result<()> {
    let audit = node.ask(&["audit"])?;
    let entries = audit.as_array().context("no list")?;
    for (who, method, role) in [
        ("reader", "corten.v1.Node/Reset", "reader"),
        ("operator", "corten.v1.Config/Apply", "operator"),
        ("reader", "corten.v1.Node/PowerOff", "reader"),
    ] {
        let entry = entries.iter().find(|entry| entry["who"] == who && entry["method"] == method);
        let entry = entry.with_context(|| format!("{who}'s call of {method} is not in {audit}"))?;
        ensure!(entry["role"] == role, "{entry}");
        ensure!(entry["from"].as_str().is_some_and(|from| from.starts_with("10.0.2.2:")), "{entry}");
        ensure!(entry["result"].as_str().is_some_and(|why| why.starts_with("PermissionDenied")), "{entry}");
    }
    // What only reads is not written down.
    ensure!(!entries.iter().any(|entry| entry["method"] == "corten.v1.Node/Info"), "{audit}");
    Ok(())
}

fn an_operator_restarts_the_machine(node: &mut Node<'_>) -> Result<()> {
    let mut wire = node.wire(Some(&node.owner.client("operator", Role::Operator)?))?;
    let answer = wire.call("corten.v1.Node/Reboot", b"")?;
    ensure!(answer.code == OK && !answer.messages.is_empty(), "{answer:?}");
    node.becomes_ready()?;
    node.answers()
}
